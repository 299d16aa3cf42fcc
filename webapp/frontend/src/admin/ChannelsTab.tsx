import { useState, type ReactNode } from "react";

import { usePages } from "../api/pages";
import type { Me, Schemas } from "../api/types";
import { Link, navigate, useLocation } from "../app/router";
import { List } from "../discovery/lists";
import { useFormat, useTexts } from "../i18n";
import { Avatar, Badge, Button, Empty, Icon, LiveBadge, Menu, Select, TextField, Time, Uptime, type MenuItem } from "../ui";
import styles from "./admin.module.css";
import type { TabProps } from "./AdminPage";
import { TEXTS } from "./channels.texts";
import { ChannelDialog, EndDialog, RestoreDialog, SuspendDialog } from "./deeds";
import { TEXTS as DEEDS } from "./deeds.texts";
import { TEXTS as COMMON } from "./texts";

type StaffChannel = Schemas["StaffChannel"];
type Status = "" | "live" | "suspended";
type Deed = "end" | "edit" | "suspend" | "restore";

const KEY = ["admin", "channels"];
const REFRESH_MS = 30_000;
const PREFIX = /^\w{0,25}$/;

/** All channels: to find them, end what they broadcast, and go to where the rest is done. */
export default function ChannelsTab({ user }: TabProps): ReactNode {
  const texts = useTexts(TEXTS);
  const { search } = useLocation();
  const login = search.get("login") ?? "";
  const asked = search.get("status");
  const status: Status = asked === "live" || asked === "suspended" ? asked : "";
  const wanted = login.trim().replace(/^@/, "");
  const query = { ...(wanted === "" ? {} : { login: wanted }), ...(status === "" ? {} : { status }) };
  const pages = usePages<StaffChannel>(KEY, "/admin/channels", query, { refreshMs: REFRESH_MS, enabled: PREFIX.test(wanted) });
  const [deed, setDeed] = useState<{ kind: Deed; channel: StaffChannel } | null>(null);
  const go = (prefix: string, which: Status): void => {
    const parameters = new URLSearchParams({ ...(prefix === "" ? {} : { login: prefix }), ...(which === "" ? {} : { status: which }) });
    navigate(`/admin/channels?${parameters.toString()}`, { replace: true });
  };
  const empty = <Empty icon="search" title={texts.empty} text={texts.emptyText} />;
  return (
    <>
      <div className={styles.filters}>
        <TextField
          label={texts.find}
          value={login}
          onChange={(value) => {
            go(value, status);
          }}
          maxLength={26}
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
        />
        <Select
          label={texts.status}
          value={status}
          options={(["", "live", "suspended"] as const).map((value) => ({ value, label: texts.statuses[value] }))}
          onChange={(value) => {
            go(login, value);
          }}
        />
      </div>
      {PREFIX.test(wanted) ? (
        <List pages={pages} empty={empty}>
          {(rows) => (
            <ul className={styles.rows}>
              {rows.map((channel) => (
                <Row
                  key={channel.broadcaster_id}
                  channel={channel}
                  user={user}
                  onDeed={(kind) => {
                    setDeed({ kind, channel });
                  }}
                />
              ))}
            </ul>
          )}
        </List>
      ) : (
        empty
      )}
      {deed !== null && (
        <Dialogs
          kind={deed.kind}
          channel={deed.channel}
          onClose={() => {
            setDeed(null);
          }}
        />
      )}
    </>
  );
}

interface RowProps {
  readonly channel: StaffChannel;
  readonly user: Me;
  readonly onDeed: (kind: Deed) => void;
}

function Row({ channel, user, onDeed }: RowProps): ReactNode {
  const texts = useTexts(TEXTS);
  const deeds = useTexts(DEEDS);
  const common = useTexts(COMMON);
  const { broadcaster_login: login, broadcaster_name: name } = channel;
  const isAdmin = user.type === "admin";
  const isSuspended = channel.suspended_at !== null;
  const deed = (kind: Deed): { readonly onSelect: () => void } => ({
    onSelect: () => {
      onDeed(kind);
    },
  });
  const items: MenuItem[] = [
    { label: texts.watch, icon: "external", to: `/${login}` },
    { label: texts.moderate, icon: "chat", to: `/moderator/${login}` },
    { label: texts.dashboard, icon: "stats", to: `/dashboard/${login}` },
    { label: texts.account, icon: "user", to: `/admin/users?login=${login}` },
    { label: texts.log, icon: "clock", to: `/admin/audit?channel=${login}` },
  ];
  if (isAdmin) items.push({ label: texts.edit, icon: "edit", ...deed("edit") });
  if (channel.broadcaster_id !== user.id) {
    items.push(
      "line",
      isSuspended
        ? { label: texts.restore, icon: "check", ...deed("restore") }
        : { label: texts.suspend, icon: "ban", danger: true, ...deed("suspend") },
    );
  }
  return (
    <li className={styles.row} data-testid="channel">
      <Avatar user={{ login, display_name: name }} size={36} />
      <div className={styles.text}>
        <span className={styles.name}>
          <Link to={`/${login}`}>
            <bdi>{name}</bdi>
          </Link>
          {name.toLowerCase() !== login && <span className={styles.quiet}>{login}</span>}
          {channel.is_live && <LiveBadge />}
          {channel.visibility !== "public" && <Badge>{texts.visibility[channel.visibility] ?? channel.visibility}</Badge>}
          {channel.is_mature && <Badge>{texts.mature}</Badge>}
          {isSuspended && <Badge>{texts.suspendedBadge}</Badge>}
        </span>
        <span className={styles.said}>
          <bdi>{channel.title === "" ? texts.noTitle : channel.title}</bdi>
          {channel.game_name !== "" && <> · {channel.game_name}</>}
        </span>
        <Figures channel={channel} />
      </div>
      <div className={styles.actions}>
        {channel.is_live && (
          <Button
            kind="danger"
            aria-label={deeds.endTitle(name)}
            onClick={() => {
              onDeed("end");
            }}
          >
            {texts.end}
          </Button>
        )}
        <Menu label={common.actions(name)} trigger={<Icon name="more" />} items={items} />
      </div>
    </li>
  );
}

function Figures({ channel }: { channel: StaffChannel }): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const { started_at: started, ended_at: ended, suspended_at: suspended } = channel;
  return (
    <span className={styles.meta}>
      <span>{texts.followers(format.count(channel.follower_count), channel.follower_count)}</span>
      {started === null ? (
        <span>{texts.neverLive}</span>
      ) : ended === null ? (
        <>
          <span>{texts.viewers(format.count(channel.viewer_count))}</span>
          <span>
            {texts.liveFor} <Uptime since={started} />
          </span>
        </>
      ) : (
        <span>
          {texts.lastLive} <Time value={ended} />
        </span>
      )}
      <span>
        {texts.since} {format.date(channel.created_at)}
      </span>
      {suspended !== null && (
        <span>
          {texts.suspendedBadge} <Time value={suspended} />: <bdi>{channel.suspension_reason}</bdi>
        </span>
      )}
    </span>
  );
}

function Dialogs({ kind, channel, onClose }: { kind: Deed; channel: StaffChannel; onClose: () => void }): ReactNode {
  const asked = { login: channel.broadcaster_login, name: channel.broadcaster_name, onClose };
  switch (kind) {
    case "end":
      return <EndDialog {...asked} />;
    case "edit":
      return <ChannelDialog {...asked} />;
    case "suspend":
      return <SuspendDialog {...asked} />;
    case "restore":
      return <RestoreDialog {...asked} />;
  }
}
