import { useState, type ReactNode } from "react";

import { assetPath } from "../api/assets";
import { send } from "../api/client";
import { usePages } from "../api/pages";
import type { Schemas } from "../api/types";
import { Link } from "../app/router";
import { List } from "../discovery/lists";
import { useFormat, useTexts } from "../i18n";
import { codecName } from "../player/codecs";
import { Badge, Button, Empty, Icon, Menu, TextField, Uptime, type MenuItem } from "../ui";
import styles from "./admin.module.css";
import type { TabProps } from "./AdminPage";
import { EndDialog } from "./deeds";
import { TEXTS as DEEDS } from "./deeds.texts";
import { TEXTS } from "./live.texts";
import { DeedDialog } from "./parts";
import { TEXTS as COMMON } from "./texts";

type StaffStream = Schemas["StaffStream"];

const KEY = ["admin", "streams"];
const REFRESH_MS = 10_000;
const PREFIX = /^\w{1,25}$/;

/** All that is live: how it does, and the ways to end it. */
export default function LiveTab({ user }: TabProps): ReactNode {
  const texts = useTexts(TEXTS);
  const [login, setLogin] = useState("");
  const wanted = login.trim();
  const pages = usePages<StaffStream>(KEY, "/admin/streams", PREFIX.test(wanted) ? { login: wanted } : {}, { refreshMs: REFRESH_MS });
  const [deed, setDeed] = useState<{ kind: "end" | "ban"; stream: StaffStream } | null>(null);
  const close = (): void => {
    setDeed(null);
  };
  return (
    <>
      <div className={styles.filters}>
        <TextField label={texts.find} value={login} onChange={setLogin} maxLength={25} autoCapitalize="none" autoComplete="off" spellCheck={false} />
      </div>
      <List pages={pages} empty={<Empty icon="wave" title={texts.empty} text={texts.emptyText} />}>
        {(rows) => (
          <ul className={styles.rows}>
            {rows.map((stream) => (
              <Row
                key={stream.id}
                stream={stream}
                isAdmin={user.type === "admin"}
                onDeed={(kind) => {
                  setDeed({ kind, stream });
                }}
              />
            ))}
          </ul>
        )}
      </List>
      {deed?.kind === "end" && <EndDialog login={deed.stream.user_login} name={deed.stream.user_name} onClose={close} />}
      {deed?.kind === "ban" && (
        <DeedDialog
          danger
          title={texts.banTitle(deed.stream.user_name)}
          text={texts.banText}
          go={texts.banGo}
          act={() => send("DELETE", `/admin/streams/${deed.stream.id}/key`)}
          done={texts.banned(deed.stream.user_name)}
          refresh={["admin"]}
          onClose={close}
        />
      )}
    </>
  );
}

interface RowProps {
  readonly stream: StaffStream;
  readonly isAdmin: boolean;
  readonly onDeed: (kind: "end" | "ban") => void;
}

function Row({ stream, isAdmin, onDeed }: RowProps): ReactNode {
  const texts = useTexts(TEXTS);
  const deeds = useTexts(DEEDS);
  const common = useTexts(COMMON);
  const { user_login: login, user_name: name } = stream;
  const picture = assetPath(stream.thumbnail_url);
  const more: readonly MenuItem[] = [
    { label: texts.watch, icon: "play", to: `/${login}` },
    { label: texts.suspend, icon: "user", to: `/admin/users?login=${login}` },
    { label: texts.log, icon: "clock", to: `/admin/audit?channel=${login}` },
    ...(isAdmin && stream.key !== null
      ? [
          {
            label: texts.ban,
            icon: "key",
            danger: true,
            onSelect: () => {
              onDeed("ban");
            },
          } as const,
        ]
      : []),
  ];
  return (
    <li className={styles.row} data-testid="on-air">
      {picture === undefined ? (
        <div className={styles.picture} aria-hidden="true" />
      ) : (
        <img className={styles.picture} src={picture} alt="" width={128} height={72} loading="lazy" decoding="async" />
      )}
      <div className={styles.text}>
        <span className={styles.name}>
          <Link to={`/${login}`}>
            <bdi>{name}</bdi>
          </Link>
          {stream.visibility !== "public" && <Badge>{texts.visibility[stream.visibility] ?? stream.visibility}</Badge>}
          {stream.is_mature && <Badge>{texts.mature}</Badge>}
        </span>
        <span className={styles.said}>
          <bdi>{stream.title === "" ? texts.noTitle : stream.title}</bdi>
          {stream.game_name !== "" && <> · {stream.game_name}</>}
        </span>
        <Figures stream={stream} />
        {stream.issues.length > 0 && (
          <ul className={styles.issues}>
            {stream.issues.map((issue) => (
              <li key={issue}>{issue}</li>
            ))}
          </ul>
        )}
      </div>
      <div className={styles.actions}>
        <Button
          kind="danger"
          aria-label={deeds.endTitle(name)}
          onClick={() => {
            onDeed("end");
          }}
        >
          {texts.end}
        </Button>
        <Menu label={common.actions(name)} trigger={<Icon name="more" />} items={more} />
      </div>
    </li>
  );
}

const HEALTH = { good: styles.good, ok: styles.ok, bad: styles.bad, noData: styles.bad };

function Figures({ stream }: { stream: StaffStream }): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const { health, bitrate_kbps: kbps, fps, keyframe_interval_s: keyframes } = stream;
  return (
    <>
      <span className={styles.meta}>
        <span>{texts.viewers(format.count(stream.viewer_count))}</span>
        <span>
          {texts.since} <Uptime since={stream.started_at} />
        </span>
        <span className={health === null ? undefined : HEALTH[health]}>{health === null ? texts.unknown : texts.health[health]}</span>
        {kbps !== null && <span>{texts.bitrate(format.number(kbps / 1000))}</span>}
        {fps !== null && <span>{texts.fps(format.number(fps))}</span>}
        {keyframes !== null && <span>{texts.keyframes(format.number(keyframes))}</span>}
      </span>
      <span className={styles.meta}>
        {stream.width !== null && stream.height !== null && (
          <span>
            {stream.width} × {stream.height}
          </span>
        )}
        <span>{[stream.video_codec, stream.audio_codec].filter((codec) => codec !== null).map(codecName).join(", ")}</span>
        {stream.encoder !== null && <bdi>{stream.encoder}</bdi>}
        <span>{texts.node(stream.node)}</span>
        {stream.key !== null && <bdi>{texts.key(stream.key.label, stream.key.last4)}</bdi>}
      </span>
    </>
  );
}
