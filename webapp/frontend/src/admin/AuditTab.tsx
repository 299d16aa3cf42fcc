import { useState, type ReactNode, type SyntheticEvent } from "react";

import { usePages } from "../api/pages";
import type { Schemas } from "../api/types";
import { LOGIN_PATTERN } from "../account/refusal";
import { Link, navigate, useLocation } from "../app/router";
import { List } from "../discovery/lists";
import { useTexts } from "../i18n";
import { Badge, Button, ButtonLink, Empty, Select, TextField, Time } from "../ui";
import styles from "./admin.module.css";
import { TEXTS } from "./audit.texts";
import { Somebody } from "./parts";
import { TEXTS as COMMON } from "./texts";

type Deed = Schemas["Deed"];

const REFRESH_MS = 20_000;

/** Who changed what, newest first, read on as far as somebody scrolls. */
export default function AuditTab(): ReactNode {
  const texts = useTexts(TEXTS);
  const { search } = useLocation();
  const query = Object.fromEntries(["actor", "channel", "action"].map((name) => [name, search.get(name) ?? undefined]));
  const pages = usePages<Deed>(["admin", "audit"], "/admin/audit-log", query, { refreshMs: REFRESH_MS });
  return (
    <>
      <Filters key={search.toString()} search={search} />
      <List pages={pages} empty={<Empty icon="clock" title={texts.empty} text={texts.emptyText} />}>
        {(rows) => (
          <ul className={styles.rows}>
            {rows.map((deed) => (
              <Entry key={deed.id} deed={deed} />
            ))}
          </ul>
        )}
      </List>
    </>
  );
}

function Filters({ search }: { search: URLSearchParams }): ReactNode {
  const texts = useTexts(TEXTS);
  const common = useTexts(COMMON);
  const [actor, setActor] = useState(search.get("actor") ?? "");
  const [channel, setChannel] = useState(search.get("channel") ?? "");
  const [action, setAction] = useState(search.get("action") ?? "");
  const [tried, setTried] = useState(false);
  const known = Object.keys(texts.actions);
  const fault = (login: string): string | null => (tried && login.trim() !== "" && !LOGIN_PATTERN.test(login.trim()) ? texts.faulty : null);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    setTried(true);
    const wanted = { actor: actor.trim(), channel: channel.trim(), action };
    if ([wanted.actor, wanted.channel].every((login) => login === "" || LOGIN_PATTERN.test(login))) {
      const given = Object.entries(wanted).filter(([, value]) => value !== "");
      navigate(`/admin/audit?${new URLSearchParams(given).toString()}`, { replace: true });
    }
  };
  return (
    <form className={styles.filters} role="search" aria-label={common.audit} onSubmit={submit} noValidate>
      <TextField label={texts.actor} value={actor} onChange={setActor} error={fault(actor)} maxLength={25} autoCapitalize="none" autoComplete="off" spellCheck={false} />
      <TextField label={texts.channel} value={channel} onChange={setChannel} error={fault(channel)} maxLength={25} autoCapitalize="none" autoComplete="off" spellCheck={false} />
      <Select
        label={texts.action}
        value={action}
        options={[
          { value: "", label: texts.anyAction },
          ...[...known, ...(action === "" || known.includes(action) ? [] : [action])].map((value) => ({ value, label: value })),
        ]}
        onChange={setAction}
      />
      <Button type="submit" icon="search">
        {texts.filter}
      </Button>
      {search.size > 0 && <ButtonLink to="/admin/audit">{texts.clear}</ButtonLink>}
    </form>
  );
}

function Entry({ deed }: { deed: Deed }): ReactNode {
  const texts = useTexts(TEXTS);
  const kind = texts.kinds[deed.actor_type] ?? deed.actor_type;
  const details = Object.entries(deed.details as Readonly<Record<string, unknown>>).filter(([, value]) => value !== "" && value !== null);
  return (
    <li className={styles.row} data-testid="deed">
      <div className={styles.text}>
        <p className={styles.said}>
          {deed.actor_login !== null ? <Somebody login={deed.actor_login} /> : deed.actor_id !== null ? texts.goneActor : kind}
          {deed.actor_login !== null && kind !== "" && ` (${kind})`} {texts.actions[deed.action] ?? deed.action}
          {deed.broadcaster_login !== null && (
            <>
              {" "}
              {texts.inChannel}{" "}
              <Link to={`/${deed.broadcaster_login}`}>
                <bdi>{deed.broadcaster_login}</bdi>
              </Link>
            </>
          )}
        </p>
        {details.length > 0 && (
          <dl className={styles.details}>
            {details.map(([name, value]) => (
              <Detail key={name} name={name} value={value} />
            ))}
          </dl>
        )}
        <span className={styles.meta}>
          <Time value={deed.created_at} />
          {deed.target_type !== null && (
            <span>
              {deed.target_type} {deed.target_id}
            </span>
          )}
        </span>
      </div>
      <Badge>{deed.action}</Badge>
    </li>
  );
}

function Detail({ name, value }: { name: string; value: unknown }): ReactNode {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <bdi>{typeof value === "string" ? value : JSON.stringify(value)}</bdi>
      </dd>
    </>
  );
}
