/** Who is watched, who is banned, and who writes right now. */

import type { ReactNode } from "react";

import { usePages } from "../api/pages";
import type { Schemas } from "../api/types";
import { useFormat } from "../i18n";
import { Button, ErrorNote, Time } from "../ui";
import { useModerating } from "./context";
import type { Active, DeskView } from "./desk";
import styles from "./Moderation.module.css";
import { PersonButton } from "./QueuePane";
import { listKey } from "./useDesk";
import { WatchSelect } from "./WatchSelect";

type Suspicious = Schemas["SuspiciousUser"];
type Ban = Schemas["Ban"];

const PAGE = 50;
const MOST_ACTIVE = 50;

export function PeoplePane({ view }: { view: DeskView }): ReactNode {
  const { texts } = useModerating();
  return (
    <div className={styles.scroller} tabIndex={0} role="region" aria-label={texts.panes.people}>
      <Watched />
      <Banned />
      <Writing active={view.active} />
    </div>
  );
}

interface SectionProps {
  readonly title: string;
  readonly none: string;
  readonly isEmpty: boolean;
  readonly error: unknown;
  readonly retry: () => unknown;
  /** Reads on; undefined: there is no more. */
  readonly more: (() => unknown) | undefined;
  readonly children: ReactNode;
}

function Section({ title, none, isEmpty, error, retry, more, children }: SectionProps): ReactNode {
  const { texts } = useModerating();
  return (
    <section className={styles.section} aria-label={title}>
      <h3>{title}</h3>
      {error !== null && <ErrorNote error={error} retry={retry} />}
      {isEmpty ? error === null && <p className={styles.quiet}>{none}</p> : <ul className={styles.list}>{children}</ul>}
      {more && (
        <Button size="small" onClick={() => void more()}>
          {texts.more}
        </Button>
      )}
    </section>
  );
}

function Watched(): ReactNode {
  const { login, texts, openPerson } = useModerating();
  const { rows, error, refetch, hasNextPage, fetchNextPage } = usePages<Suspicious & { id?: never }>(
    listKey(login, "watched"),
    `/channels/${login}/moderation/suspicious-users`,
    { first: PAGE },
  );
  return (
    <Section
      title={texts.watchedPeople}
      none={texts.nobodyWatched}
      isEmpty={(rows?.length ?? 0) === 0}
      error={error}
      retry={refetch}
      more={hasNextPage ? fetchNextPage : undefined}
    >
      {rows?.map(({ user_id, user_login, user_name, status }) => (
        <li key={user_id} className={styles.row} data-testid="mod-watched">
          <PersonButton login={user_login} name={user_name} open={openPerson} />
          <WatchSelect login={user_login} name={user_name} status={status === "RESTRICTED" ? "RESTRICTED" : "ACTIVE_MONITORING"} />
        </li>
      ))}
    </Section>
  );
}

function Banned(): ReactNode {
  const { login, texts, acts, openPerson } = useModerating();
  const format = useFormat();
  const { rows, error, refetch, hasNextPage, fetchNextPage } = usePages<Ban>(
    listKey(login, "bans"),
    `/channels/${login}/moderation/bans`,
    { first: PAGE },
  );
  return (
    <Section
      title={texts.bannedPeople}
      none={texts.nobodyBanned}
      isEmpty={(rows?.length ?? 0) === 0}
      error={error}
      retry={refetch}
      more={hasNextPage ? fetchNextPage : undefined}
    >
      {rows?.map((ban) => (
        <li key={ban.user_id} className={styles.row} data-testid="mod-banned">
          <span className={styles.rowText}>
            <PersonButton login={ban.user_login} name={ban.user_name} open={openPerson} />{" "}
            <span className={styles.quiet}>
              {ban.expires_at === null ? texts.forGood : texts.until(format.dateTime(ban.expires_at))}
              {ban.moderator_name !== null && `, ${texts.by(ban.moderator_name)}`}
            </span>
            {ban.reason !== "" && <bdi className={styles.quote}>{texts.reason(ban.reason)}</bdi>}
          </span>
          <Button
            size="small"
            aria-label={texts.letWriteOf(ban.user_name)}
            onClick={() => {
              void acts.unban(ban.user_login);
            }}
          >
            {texts.letWrite}
          </Button>
        </li>
      ))}
    </Section>
  );
}

function Writing({ active }: { active: readonly Active[] }): ReactNode {
  const { texts, openPerson } = useModerating();
  const format = useFormat();
  return (
    <Section title={texts.activePeople} none={texts.nobodyActive} isEmpty={active.length === 0} error={null} retry={none} more={undefined}>
      {active.slice(0, MOST_ACTIVE).map(({ login, name, lastAt, messages }) => (
        <li key={login} className={styles.row}>
          <PersonButton login={login} name={name} open={openPerson} />
          <span className={styles.quiet}>
            {texts.wrote(messages, format.count(messages))} · <Time value={new Date(lastAt).toISOString()} />
          </span>
        </li>
      ))}
    </Section>
  );
}

function none(): void {
  // there is nothing to ask for again
}
