import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState, type KeyboardEvent, type ReactNode } from "react";

import { assetPath } from "../api/assets";
import { send } from "../api/client";
import { usePages } from "../api/pages";
import type { Schemas } from "../api/types";
import { Link, navigate, useLocation } from "../app/router";
import { List } from "../discovery/lists";
import { useProblemText, useTexts } from "../i18n";
import { Badge, Button, Empty, Select, Time, useMutationOnce, useToast } from "../ui";
import styles from "./admin.module.css";
import { TEXTS } from "./emotes.texts";
import { DeedDialog } from "./parts";
import { TEXTS as COMMON } from "./texts";

type Emote = Schemas["ReviewedEmote"];
type ChannelBadge = Schemas["ReviewedBadge"];
type Status = "pending" | "approved" | "rejected";
type Kind = "emotes" | "badges";

/** An emote or a badge, as the queue shows it. */
interface Item {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly image: string | undefined;
  readonly moves: boolean;
  readonly channel: string | null;
  readonly uploader: string | null;
  readonly createdAt: string;
  readonly reason: string;
  readonly status: Status;
}

const KEY = ["admin", "queue"];
const REFRESH_MS = 30_000;

function ofEmote(emote: Emote): Item {
  return {
    id: emote.id,
    name: emote.name,
    path: `/admin/emotes/${emote.id}`,
    image: assetPath((emote.animated_images ?? emote.images)?.url_4x),
    moves: emote.animated_images !== null,
    channel: emote.broadcaster_login,
    uploader: emote.uploader_login,
    createdAt: emote.created_at,
    reason: emote.reason,
    status: emote.status,
  };
}

function badgeId(badge: ChannelBadge): string {
  return `${badge.broadcaster_id}/${badge.months}`;
}

function ofBadge(badge: ChannelBadge, name: string): Item {
  return {
    id: badgeId(badge),
    name,
    path: `/admin/badges/${badge.broadcaster_login}/${badge.months}`,
    image: assetPath(badge.images?.url_4x),
    moves: false,
    channel: badge.broadcaster_login,
    uploader: badge.uploader_login,
    createdAt: badge.created_at,
    reason: badge.reason,
    status: badge.status,
  };
}

/** What channels uploaded: to approve or to reject, with the mouse or without. */
export default function EmotesTab(): ReactNode {
  const texts = useTexts(TEXTS);
  const { search } = useLocation();
  const kind: Kind = search.get("kind") === "badges" ? "badges" : "emotes";
  const asked = search.get("status");
  const status: Status = asked === "approved" || asked === "rejected" ? asked : "pending";
  const go = (wanted: Kind, which: Status): void => {
    const parameters = new URLSearchParams({ ...(wanted === "emotes" ? {} : { kind: wanted }), ...(which === "pending" ? {} : { status: which }) });
    navigate(`/admin/emotes?${parameters.toString()}`, { replace: true });
  };
  return (
    <>
      <div className={styles.filters}>
        <Select
          label={texts.kind}
          value={kind}
          options={(["emotes", "badges"] as const).map((value) => ({ value, label: texts.kinds[value] }))}
          onChange={(value) => {
            go(value, status);
          }}
        />
        <Select
          label={texts.status}
          value={status}
          options={(["pending", "approved", "rejected"] as const).map((value) => ({ value, label: texts.statuses[value] }))}
          onChange={(value) => {
            go(kind, value);
          }}
        />
      </div>
      {kind === "emotes" ? <Emotes status={status} /> : <Badges status={status} />}
    </>
  );
}

function Emotes({ status }: { status: Status }): ReactNode {
  const pages = usePages<Emote>(KEY, "/admin/emotes", { status }, { refreshMs: REFRESH_MS });
  return (
    <List pages={pages} empty={<None />}>
      {(rows) => <Queue items={rows.map(ofEmote)} />}
    </List>
  );
}

function Badges({ status }: { status: Status }): ReactNode {
  const texts = useTexts(TEXTS);
  const pages = usePages<ChannelBadge>(KEY, "/admin/badges", { status }, { refreshMs: REFRESH_MS, idOf: badgeId });
  return (
    <List pages={pages} empty={<None />}>
      {(rows) => <Queue items={rows.map((badge) => ofBadge(badge, texts.months(badge.months)))} />}
    </List>
  );
}

function None(): ReactNode {
  const texts = useTexts(TEXTS);
  return <Empty icon="smile" title={texts.empty} text={texts.emptyText} />;
}

function Queue({ items }: { items: readonly Item[] }): ReactNode {
  const texts = useTexts(TEXTS);
  const say = useProblemText();
  const toast = useToast();
  const cache = useQueryClient();
  const list = useRef<HTMLUListElement>(null);
  const [rejected, setRejected] = useState<Item | null>(null);
  const approve = useMutationOnce<unknown, Item>({
    mutationFn: ({ path }) => send("PATCH", path, { status: "approved" }),
    onSuccess: (_, { name }) => {
      toast({ kind: "ok", text: texts.approved(name) });
    },
    onError: (error) => {
      toast({ kind: "error", text: say(error) });
    },
    onSettled: () => cache.invalidateQueries({ queryKey: ["admin"] }),
  });
  const move = (from: number, step: number): void => {
    const cards = list.current?.querySelectorAll<HTMLElement>(":scope > li") ?? [];
    cards[Math.min(Math.max(0, from + step), cards.length - 1)]?.focus();
  };
  const press = (event: KeyboardEvent, item: Item, at: number): void => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    switch (event.key) {
      case "ArrowRight":
      case "ArrowDown":
        event.preventDefault();
        move(at, 1);
        break;
      case "ArrowLeft":
      case "ArrowUp":
        event.preventDefault();
        move(at, -1);
        break;
      case "a":
        if (item.status === "pending") {
          move(at, at + 1 < items.length ? 1 : -1);
          approve.mutate(item);
        }
        break;
      case "r":
        if (item.status !== "rejected") {
          event.preventDefault();
          setRejected(item);
        }
        break;
      default:
    }
  };
  return (
    <>
      <p className={styles.quiet}>{texts.keys}</p>
      <ul ref={list} className={styles.queue}>
        {items.map((item, at) => (
          <li
            key={item.id}
            className={styles.card}
            data-testid="review"
            tabIndex={0}
            aria-label={item.name}
            onKeyDown={(event) => {
              press(event, item, at);
            }}
          >
            <Pictures item={item} />
            <Facts item={item} />
            <div className={styles.actions}>
              {item.status === "pending" && (
                <Button
                  kind="primary"
                  icon="check"
                  aria-label={texts.approveOf(item.name)}
                  disabled={approve.isPending}
                  onClick={() => {
                    approve.mutate(item);
                  }}
                >
                  {texts.approve}
                </Button>
              )}
              {item.status !== "rejected" && (
                <Button
                  aria-label={texts.rejectOf(item.name)}
                  onClick={() => {
                    setRejected(item);
                  }}
                >
                  {texts.reject}
                </Button>
              )}
            </div>
          </li>
        ))}
      </ul>
      {rejected !== null && (
        <DeedDialog
          danger
          title={texts.rejectTitle(rejected.name)}
          text={texts.rejectText}
          go={texts.rejectGo}
          reason={{ max: 500, hint: texts.rejectHint, needed: true }}
          act={(reason) => send("PATCH", rejected.path, { status: "rejected", reason })}
          done={texts.rejected(rejected.name)}
          refresh={["admin"]}
          onClose={() => {
            setRejected(null);
          }}
        />
      )}
    </>
  );
}

function Pictures({ item }: { item: Item }): ReactNode {
  const texts = useTexts(TEXTS);
  if (item.image === undefined) return <p className={styles.quiet}>{texts.noPicture}</p>;
  return (
    <div className={styles.grounds} role="img" aria-label={texts.picture(item.name)}>
      <span className={styles.dark}>
        <img src={item.image} alt="" width={112} height={112} loading="lazy" />
      </span>
      <span className={styles.light}>
        <img src={item.image} alt="" width={112} height={112} loading="lazy" />
      </span>
    </div>
  );
}

function Facts({ item }: { item: Item }): ReactNode {
  const texts = useTexts(TEXTS);
  const common = useTexts(COMMON);
  return (
    <>
      <span className={styles.name}>
        <bdi>{item.name}</bdi>
        {item.moves && <Badge>{texts.moves}</Badge>}
      </span>
      <span className={styles.meta}>
        {item.channel === null ? <span>{texts.ofSite}</span> : <Link to={`/${item.channel}`}>{item.channel}</Link>}
        <span>
          {texts.by} {item.uploader ?? common.nobody}, <Time value={item.createdAt} />
        </span>
      </span>
      {item.reason !== "" && (
        <p className={styles.said}>
          <bdi>{item.reason}</bdi>
        </p>
      )}
    </>
  );
}
