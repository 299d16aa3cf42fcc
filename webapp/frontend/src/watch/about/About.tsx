/** The strip below the picture: whose channel this is, what is on, and what one can do about it. */

import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState, type ReactNode } from "react";

import { get } from "../../api/client";
import type { Channel, Data, User } from "../../api/types";
import { Link } from "../../app/router";
import { useSession, useSite } from "../../app/session";
import { useFormat, useTexts } from "../../i18n";
import { Avatar, Badge, Button, ButtonLink, Icon, LiveBadge, Menu, Uptime, useToast, type MenuItem } from "../../ui";
import styles from "./About.module.css";
import { FollowButton } from "./FollowButton";
import type { Question } from "./Dialogs";
import { languageName } from "./languages";
import { useOwnSubscription } from "./subscriptions";
import { LABELS, TEXTS } from "./texts";

const Dialogs = lazy(() => import("./Dialogs"));

/** Which dialog is open. */
export type Asked = Question | null;

/** The account of a channel; undefined while it is not known. */
export function useOwner(login: string): User | null | undefined {
  return useQuery({
    queryKey: ["owner", login],
    queryFn: async ({ signal }) => (await get<Data<User>>("/users", { login }, signal)).data[0] ?? null,
    staleTime: 5 * 60_000,
  }).data;
}

/** Whether somebody can subscribe here by themselves. */
export function useIsSold(): boolean {
  return useSite().subscriptions.provider === "stripe";
}

export interface AboutProps {
  readonly channel: Channel;
  readonly owner: User | null;
  /** It is live, and was not played to its end yet. */
  readonly live: boolean;
  readonly viewers: number | null;
  readonly asked: Asked;
  readonly ask: (what: Asked) => void;
}

export function About({ channel, owner, live, viewers, asked, ask }: AboutProps): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const labels = useTexts(LABELS);
  const { broadcaster_login: login, broadcaster_name: name, broadcaster_language: language, title } = channel;
  const close = (): void => {
    ask(null);
  };
  return (
    <section className={styles.about}>
      <Avatar user={owner ?? { login, display_name: name }} size={64} className={styles.avatar} />
      <div className={styles.main}>
        <div className={styles.head}>
          {title === "" ? (
            <h1 className={styles.name} data-testid="title">
              <bdi>{name}</bdi>
            </h1>
          ) : (
            <p className={styles.name} data-testid="name">
              <bdi>{name}</bdi>
            </p>
          )}
          <span className={styles.facts}>
            {live && (
              <span data-testid="badge">
                <LiveBadge />
              </span>
            )}
            {live && viewers !== null && (
              <span className={styles.viewers}>
                <Icon name="user" size={16} />
                <span data-testid="viewers">{texts.watching(format.count(viewers), viewers)}</span>
              </span>
            )}
            {live && channel.started_at !== null && (
              <span data-testid="uptime">
                <span className="visually-hidden">{texts.uptime} </span>
                <Uptime since={channel.started_at} />
              </span>
            )}
            {!live && <span>{texts.followers(format.count(channel.follower_count), channel.follower_count)}</span>}
          </span>
        </div>
        {title !== "" && (
          <h1 className={styles.title} data-testid="title">
            <bdi>{title}</bdi>
          </h1>
        )}
        <ul className={styles.tags}>
          {channel.game_id !== "" && (
            <li>
              <Link className={styles.game} to={`/directory/category/${channel.game_id}`}>
                <bdi>{channel.game_name}</bdi>
              </Link>
            </li>
          )}
          {language !== "" && (
            <li>
              <Badge>{languageName(language, format.language)}</Badge>
            </li>
          )}
          {channel.tags.map((tag) => (
            <li key={tag}>
              <Link className={styles.tag} to={`/search?q=${encodeURIComponent(tag)}`}>
                <bdi>{tag}</bdi>
              </Link>
            </li>
          ))}
          {channel.content_classification_labels.map((label) => (
            <li key={label}>
              <Badge>{labels[label] ?? label}</Badge>
            </li>
          ))}
        </ul>
      </div>
      <Actions channel={channel} ask={ask} />
      {asked !== null && (
        <Suspense>
          <Dialogs asked={asked} close={close} channel={channel} />
        </Suspense>
      )}
    </section>
  );
}

function Actions({ channel, ask }: { channel: Channel; ask: (what: Asked) => void }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const { user } = useSession();
  const { broadcaster_login: login, broadcaster_name: name, broadcaster_id: ownerId } = channel;
  const own = user?.id === ownerId;
  const sold = useIsSold();
  const { data: subscription } = useOwnSubscription(login, ownerId);
  const items: MenuItem[] = [];
  if ((sold && user !== null) || own) {
    items.push({ label: texts.gift, icon: "gift", onSelect: () => { ask("gift"); } });
  }
  if (!own) {
    items.push({
      label: texts.report,
      icon: "flag",
      onSelect: () => {
        if (user === null) {
          toast({ text: texts.reportLogIn });
        } else {
          ask("report");
        }
      },
    });
  }
  return (
    <div className={styles.actions}>
      <FollowButton login={login} name={name} ownerId={ownerId} />
      {!own && (sold || subscription) && <SubscribeButton login={login} subscribed={Boolean(subscription)} ask={ask} />}
      <Button
        icon="share"
        aria-label={texts.share}
        title={texts.share}
        onClick={() => {
          ask("share");
        }}
      >
        <span className={styles.word}>{texts.share}</span>
      </Button>
      {items.length > 0 && <Menu label={texts.more} trigger={<Icon name="more" />} items={items} />}
    </div>
  );
}

function SubscribeButton({ login, subscribed, ask }: { login: string; subscribed: boolean; ask: (what: Asked) => void }): ReactNode {
  const texts = useTexts(TEXTS);
  const { user } = useSession();
  const inside = <span className={styles.word}>{subscribed ? texts.subscribed : texts.subscribe}</span>;
  if (user === null) {
    return (
      <ButtonLink icon="star" to={`/login?next=${encodeURIComponent(`/${login}`)}`} aria-label={texts.subscribe}>
        {inside}
      </ButtonLink>
    );
  }
  return (
    <Button
      icon={subscribed ? "star-filled" : "star"}
      aria-label={subscribed ? texts.subscribed : texts.subscribe}
      onClick={() => {
        ask("subscribe");
      }}
    >
      {inside}
    </Button>
  );
}

/** Which dialog is open, and how to open another one. */
export function useAsked(): readonly [Asked, (what: Asked) => void] {
  return useState<Asked>(null);
}
