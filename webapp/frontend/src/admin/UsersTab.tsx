import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode, type SyntheticEvent } from "react";

import { send } from "../api/client";
import { usePages } from "../api/pages";
import type { Me, Schemas } from "../api/types";
import { Link, navigate, useLocation } from "../app/router";
import { List } from "../discovery/lists";
import { useFormat, useTexts } from "../i18n";
import { Avatar, Badge, Button, Dialog, Empty, ErrorNote, Icon, LiveBadge, Menu, Select, TextField, Time, useMutationOnce, useToast, type MenuItem } from "../ui";
import styles from "./admin.module.css";
import type { TabProps } from "./AdminPage";
import { ChannelDialog, RestoreDialog, SuspendDialog } from "./deeds";
import { TEXTS as DEEDS } from "./deeds.texts";
import { DeedDialog } from "./parts";
import { TEXTS as COMMON } from "./texts";
import { usersQuery, type Status } from "./users-query";
import { TEXTS } from "./users.texts";

type AdminUser = Schemas["AdminUser"];
type Deed = "suspend" | "restore" | "logOut" | "role" | "channel";

const KEY = ["admin", "users"];
const REFRESH_MS = 30_000;

/** Accounts: to find, suspend, restore and log out; for administrators to give roles. */
export default function UsersTab({ user }: TabProps): ReactNode {
  const texts = useTexts(TEXTS);
  const common = useTexts(COMMON);
  const { search } = useLocation();
  const login = search.get("login") ?? "";
  const asked = search.get("status");
  const status: Status = asked === "suspended" || asked === "staff" ? asked : "";
  const [find, setFind] = useState(login);
  const [seen, setSeen] = useState(login);
  if (seen !== login) {
    // Somebody came by a link.
    setSeen(login);
    setFind(login);
  }
  const isAdmin = user.type === "admin";
  const query = usersQuery(login, status);
  const pages = usePages<AdminUser>(KEY, "/admin/users", query ?? {}, { refreshMs: REFRESH_MS, enabled: query !== null });
  const [deed, setDeed] = useState<{ kind: Deed; member: AdminUser } | null>(null);
  const go = (wanted: string, which: Status): void => {
    const parameters = new URLSearchParams({ ...(wanted === "" ? {} : { login: wanted }), ...(which === "" ? {} : { status: which }) });
    navigate(`/admin/users?${parameters.toString()}`, { replace: true });
  };
  const empty = <Empty icon="user" title={texts.empty} text={texts.emptyText} />;
  return (
    <>
      <form
        className={styles.filters}
        role="search"
        aria-label={common.users}
        onSubmit={(event: SyntheticEvent) => {
          event.preventDefault();
          go(find.trim().replace(/^@/, ""), status);
        }}
      >
        <TextField label={isAdmin ? texts.findAdmin : texts.find} value={find} onChange={setFind} maxLength={254} autoCapitalize="none" autoComplete="off" spellCheck={false} />
        <Select
          label={texts.status}
          value={status}
          options={(["", "suspended", "staff"] as const).map((value) => ({ value, label: texts.statuses[value] }))}
          onChange={(value) => {
            go(login, value);
          }}
        />
        <Button type="submit" icon="search">
          {common.search}
        </Button>
      </form>
      {query === null ? (
        empty
      ) : (
        <List pages={pages} empty={empty}>
          {(rows) => (
            <ul className={styles.rows}>
              {rows.map((member) => (
                <Row
                  key={member.id}
                  member={member}
                  user={user}
                  onDeed={(kind) => {
                    setDeed({ kind, member });
                  }}
                />
              ))}
            </ul>
          )}
        </List>
      )}
      <p className={styles.quiet}>{texts.deleting}</p>
      {deed !== null && (
        <Dialogs
          kind={deed.kind}
          member={deed.member}
          onClose={() => {
            setDeed(null);
          }}
        />
      )}
    </>
  );
}

interface RowProps {
  readonly member: AdminUser;
  readonly user: Me;
  readonly onDeed: (kind: Deed) => void;
}

function Row({ member, user, onDeed }: RowProps): ReactNode {
  const texts = useTexts(TEXTS);
  const deeds = useTexts(DEEDS);
  const common = useTexts(COMMON);
  const format = useFormat();
  const { login, display_name: name } = member;
  const isAdmin = user.type === "admin";
  const isSuspended = member.suspended_at !== null;
  const isMine = member.id === user.id;
  // The server decides; what it would refuse anyway is not offered.
  const mayTouch = !isMine && (member.type === "" || isAdmin);
  const deed = (kind: Deed): { readonly onSelect: () => void } => ({
    onSelect: () => {
      onDeed(kind);
    },
  });
  const items: readonly MenuItem[] = [
    { label: texts.channel, icon: "external", to: `/${login}` },
    { label: texts.log, icon: "clock", to: `/admin/audit?actor=${login}` },
    ...(isAdmin ? [{ label: texts.channelEdit, icon: "edit", ...deed("channel") } as const, { label: texts.role, icon: "shield", ...deed("role") } as const] : []),
    ...(mayTouch || isMine ? [{ label: texts.logOut, icon: "logout", ...deed("logOut") } as const] : []),
  ];
  return (
    <li className={styles.row} data-testid="member">
      <Avatar user={member} size={36} />
      <div className={styles.text}>
        <span className={styles.name}>
          <Link to={`/${login}`}>
            <bdi>{name}</bdi>
          </Link>
          {name.toLowerCase() !== login && <span className={styles.quiet}>{login}</span>}
          {member.type !== "" && <Badge kind="accent">{texts.roles[member.type]}</Badge>}
          {isSuspended && <Badge>{texts.suspendedBadge}</Badge>}
          {member.is_live && <LiveBadge />}
        </span>
        <span className={styles.meta}>
          <span>
            {texts.since} {format.date(member.created_at)}
          </span>
          {typeof member.email === "string" && (
            <span>
              <bdi>{member.email}</bdi>
              {member.email_verified === false && ` (${texts.unproven})`}
            </span>
          )}
          {member.suspended_at !== null && (
            <span>
              {texts.suspendedSince} <Time value={member.suspended_at} />: <bdi>{member.suspension_reason}</bdi>
            </span>
          )}
        </span>
      </div>
      <div className={styles.actions}>
        {mayTouch && (
          <Button
            kind={isSuspended ? "secondary" : "danger"}
            aria-label={isSuspended ? `${deeds.restoreGo}: ${name}` : deeds.suspendTitle(name)}
            onClick={() => {
              onDeed(isSuspended ? "restore" : "suspend");
            }}
          >
            {isSuspended ? texts.restore : texts.suspend}
          </Button>
        )}
        <Menu label={common.actions(name)} trigger={<Icon name="more" />} items={items} />
      </div>
    </li>
  );
}

function Dialogs({ kind, member, onClose }: { kind: Deed; member: AdminUser; onClose: () => void }): ReactNode {
  const texts = useTexts(TEXTS);
  const { login, display_name: name } = member;
  const asked = { login, name, onClose };
  switch (kind) {
    case "suspend":
      return <SuspendDialog {...asked} />;
    case "restore":
      return <RestoreDialog {...asked} />;
    case "logOut":
      return (
        <DeedDialog
          danger
          title={texts.logOutTitle(name)}
          text={texts.logOutText}
          go={texts.logOutGo}
          act={() => send("DELETE", `/admin/users/${login}/sessions`)}
          done={texts.loggedOut(name)}
          refresh={["admin"]}
          onClose={onClose}
        />
      );
    case "role":
      return <RoleDialog member={member} onClose={onClose} />;
    case "channel":
      return <ChannelDialog {...asked} />;
  }
}

type Role = "none" | "staff" | "admin";

function RoleDialog({ member, onClose }: { member: AdminUser; onClose: () => void }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const cache = useQueryClient();
  const [role, setRole] = useState<Role>(member.type === "" ? "none" : member.type);
  const change = useMutationOnce({
    mutationFn: () => send("PUT", `/admin/users/${member.login}/role`, { role }),
    onSuccess: () => {
      toast({ kind: "ok", text: texts.roleDone(member.display_name, texts.roles[role]) });
      onClose();
    },
    onSettled: async () => {
      await cache.invalidateQueries({ queryKey: ["admin"] });
      // It may have been one's own.
      await cache.invalidateQueries({ queryKey: ["session"] });
    },
  });
  return (
    <Dialog open onClose={onClose} title={texts.roleTitle(member.display_name)}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <p>{texts.roleText}</p>
        <ErrorNote error={change.error} />
        <Select
          label={texts.role.replace("…", "")}
          value={role}
          options={(["none", "staff", "admin"] as const).map((value) => ({ value, label: texts.roles[value] }))}
          onChange={setRole}
        />
        <div className={styles.foot}>
          <Button type="submit" kind="primary" busy={change.isPending}>
            {texts.roleGo}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
