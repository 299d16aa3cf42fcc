/** Somebody as moderators see them: who they are, what can be done, what was done and said. */

import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { get } from "../api/client";
import type { Data, User } from "../api/types";
import { Avatar, Button, Empty, ErrorNote, SpinnerPage, TextField } from "../ui";
import { useModerating } from "./context";
import { TIMEOUTS_S } from "./keys";
import styles from "./Moderation.module.css";
import PersonFile, { PersonFacts } from "./PersonFile";
import type { Chosen } from "./usePerson";
import { useFile } from "./useFile";
import { STATES, WatchSelect } from "./WatchSelect";

const MOST_REASON = 500;

export function PersonPane({ person }: { person: Chosen | null }): ReactNode {
  const { texts, openPerson } = useModerating();
  const [wanted, setWanted] = useState("");
  return (
    <div className={styles.scroller} tabIndex={0} role="region" aria-label={texts.panes.person}>
      <form
        className={styles.card}
        onSubmit={(event) => {
          event.preventDefault();
          if (wanted.trim() !== "") openPerson(wanted.trim());
        }}
      >
        <div className={styles.form}>
          <TextField label={texts.findPerson} value={wanted} maxLength={25} autoCapitalize="off" spellCheck={false} onChange={setWanted} />
          <Button type="submit" icon="search">
            {texts.find}
          </Button>
        </div>
      </form>
      {person === null ? (
        <Empty icon="user" title={texts.nobodyChosen} text={texts.nobodyChosenText} />
      ) : (
        <Card key={person.turn} {...person} />
      )}
    </div>
  );
}

function Card({ login, isWarning }: Chosen): ReactNode {
  const { texts, login: channel, me } = useModerating();
  const query = useQuery({
    queryKey: ["moderation-user", login],
    queryFn: async ({ signal }) => (await get<Data<User>>("/users", { login }, signal)).data[0] ?? null,
    staleTime: 60_000,
  });
  const user = query.data;
  if (user === null) return <p className={styles.card}>{texts.noSuchPerson(login)}</p>;
  if (user === undefined) return query.error === null ? <SpinnerPage label={texts.loading} /> : <ErrorNote error={query.error} retry={query.refetch} />;
  return (
    <div className={styles.card} data-testid="mod-person">
      <div className={styles.who}>
        <Avatar user={user} size={48} />
        <div>
          <h3>
            <bdi>{user.display_name}</bdi>
          </h3>
          <PersonFacts channel={channel} user={user} />
        </div>
      </div>
      {user.id !== me.id && <Acts user={user} isWarning={isWarning} />}
      <PersonFile channel={channel} user={user} />
    </div>
  );
}

function Acts({ user, isWarning }: { user: User; isWarning: boolean }): ReactNode {
  const { texts, acts, login: channel } = useModerating();
  const { data } = useFile(channel, user.id);
  const [reason, setReason] = useState("");
  const [warning, setWarning] = useState<string | null>(isWarning ? "" : null);
  const login = user.login;
  return (
    <div className={styles.block}>
      <TextField label={texts.banReason} value={reason} maxLength={MOST_REASON} onChange={setReason} />
      <p className={styles.buttons} role="group" aria-label={texts.timeout}>
        {TIMEOUTS_S.map((seconds) => (
          <Button key={seconds} size="small" aria-label={texts.timeoutFor(seconds)} onClick={() => void acts.ban(login, seconds, reason.trim())}>
            {texts.span(seconds)}
          </Button>
        ))}
      </p>
      <p className={styles.buttons}>
        <Button size="small" kind="danger" onClick={() => void acts.ban(login, null, reason.trim())}>
          {texts.ban}
        </Button>
        <Button size="small" onClick={() => void acts.unban(login)}>
          {texts.letWrite}
        </Button>
        <Button size="small" onClick={() => void acts.purge(login)}>
          {texts.purge}
        </Button>
        <Button
          size="small"
          aria-expanded={warning !== null}
          onClick={() => {
            setWarning(warning === null ? "" : null);
          }}
        >
          {texts.warn}
        </Button>
        <WatchSelect login={login} name={user.display_name} status={STATES.find((state) => state === data?.suspicion) ?? "NO_TREATMENT"} />
      </p>
      {warning !== null && (
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault();
            if (warning.trim() === "") return;
            void acts.warn(login, warning.trim()).then((isDone) => {
              if (isDone) setWarning(null);
            });
          }}
        >
          <TextField label={texts.warnReason} value={warning} maxLength={MOST_REASON} autoFocus onChange={setWarning} />
          <Button size="small" kind="primary" type="submit">
            {texts.warn}
          </Button>
        </form>
      )}
    </div>
  );
}
