/** What moderators know of somebody: in a Mod View, and in the card that opens in a chat. */

import { useState, type ReactNode } from "react";

import { usePages } from "../api/pages";
import type { Schemas, User } from "../api/types";
import { useFormat, useTexts } from "../i18n";
import { Button, cx, ErrorNote, Skeleton, TextField } from "../ui";
import styles from "./Moderation.module.css";
import { DEEDS } from "./deeds.texts";
import { factsOf, reasonOf, type Deed } from "./log";
import { Notes } from "./Notes";
import { TEXTS } from "./texts";
import { useFile } from "./useFile";

type Kept = Schemas["ChatMessage"];
interface Whose {
  /** Login of the channel. */
  readonly channel: string;
  readonly user: Pick<User, "id" | "login" | "created_at">;
}

const PAGE = 20;

/** In a few lines: how old, how long here, whether barred. */
export function PersonFacts({ channel, user }: Whose): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const { data: file } = useFile(channel, user.id);
  return (
    <ul className={styles.plain} data-testid="mod-facts">
      <li>{texts.accountSince(format.date(user.created_at))}</li>
      {file && <li>{file.followed_at === null ? texts.followsNot : texts.followsSince(format.date(file.followed_at))}</li>}
      {file?.tier !== null && file?.tier !== undefined && <li>{texts.subscribes(format.count(file.months))}</li>}
      {file?.is_suspended === true && <li className={styles.warn}>{texts.isSuspended}</li>}
      {file?.roles.map((role) => (
        <li key={role}>{texts.roles[role] ?? role}</li>
      ))}
      {file?.ban && (
        <li className={styles.warn}>
          <bdi>{file.ban.expires_at === null ? texts.bannedNow(file.ban.reason) : texts.timedOutUntil(format.dateTime(file.ban.expires_at))}</bdi>
        </li>
      )}
      {file?.warning !== null && file?.warning !== undefined && (
        <li className={styles.warn}>
          <bdi>{texts.warnedFor(file.warning)}</bdi>
        </li>
      )}
    </ul>
  );
}

/** Counts, notes, past acts and what they said: for moderators of the channel only. */
export default function PersonFile({ channel, user }: Whose): ReactNode {
  return (
    <div className={styles.block}>
      <Past channel={channel} user={user} />
      <Notes channel={channel} userId={user.id} />
      <History channel={channel} user={user} />
    </div>
  );
}

const COUNTS = ["messages", "deleted", "warnings", "timeouts", "bans"] as const;
const SHOWN_ACTS = 5;

function Past({ channel, user }: Whose): ReactNode {
  const texts = useTexts(TEXTS);
  const deeds = useTexts(DEEDS);
  const format = useFormat();
  const [isWhole, setIsWhole] = useState(false);
  const { data: file, error, refetch } = useFile(channel, user.id);
  if (!file) return error === null ? <Skeleton width="100%" height="4em" /> : <ErrorNote error={error} retry={refetch} />;
  const acts: readonly Deed[] = file.acts;
  return (
    <section className={styles.block} aria-label={texts.pastActs} data-testid="mod-past">
      <dl className={styles.counts}>
        {COUNTS.map((name) => (
          <div key={name}>
            <dt>{texts.counts[name]}</dt>
            <dd>{format.count(file.counts[name])}</dd>
          </div>
        ))}
      </dl>
      <h4>{texts.pastActs}</h4>
      {acts.length === 0 && <p className={styles.quiet}>{texts.noPastActs}</p>}
      <ul className={styles.messages}>
        {acts.slice(0, isWhole ? acts.length : SHOWN_ACTS).map((deed) => (
          <li key={deed.id}>
            <time className={styles.quiet} dateTime={deed.created_at}>
              {format.dateTime(deed.created_at)}
            </time>{" "}
            <bdi>{deed.actor_login ?? texts.somebody}</bdi> <bdi>{deeds[deed.action]?.(factsOf(deed)) ?? deed.action}</bdi>
            {reasonOf(deed) !== "" && (
              <>
                {" "}
                <bdi className={styles.quiet}>{texts.reason(reasonOf(deed))}</bdi>
              </>
            )}
          </li>
        ))}
      </ul>
      {acts.length > SHOWN_ACTS && !isWhole && (
        <Button
          size="small"
          onClick={() => {
            setIsWhole(true);
          }}
        >
          {texts.more}
        </Button>
      )}
    </section>
  );
}

function History({ channel, user }: Whose): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const [typed, setTyped] = useState("");
  const [text, setText] = useState("");
  const { rows, error, refetch, hasNextPage, fetchNextPage, isFetching, isFetchingNextPage } = usePages<Kept & { id?: never }>(
    ["moderation", channel, "history", user.id],
    `/channels/${channel}/chat/messages`,
    { user: user.login, text: text === "" ? undefined : text, first: PAGE },
  );
  return (
    <section className={styles.block} aria-label={texts.history} data-testid="mod-history">
      <h4>{texts.history}</h4>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          setText(typed.trim());
        }}
      >
        <TextField label={texts.searchHistory} type="search" value={typed} maxLength={100} onChange={setTyped} />
        <Button type="submit" busy={isFetching && !isFetchingNextPage}>
          {texts.search}
        </Button>
      </form>
      {error !== null && <ErrorNote error={error} retry={refetch} />}
      {rows === undefined && error === null && <Skeleton width="100%" height="3em" />}
      {rows?.length === 0 && !hasNextPage && <p className={styles.quiet}>{text === "" ? texts.nothingSaid : texts.nothingFound}</p>}
      <ul className={styles.messages}>
        {rows?.map((message) => (
          <li key={message.message_id}>
            <time className={styles.quiet} dateTime={message.sent_at}>
              {format.dateTime(message.sent_at)}
            </time>{" "}
            <span dir="auto" className={cx(typeof message.deleted_at === "string" && styles.gone)}>
              {message.text}
            </span>
            {typeof message.deleted_at === "string" && <span className={styles.quiet}> ({texts.wasDeleted(message.deleted_by_login ?? null)})</span>}
          </li>
        ))}
      </ul>
      {hasNextPage && (
        <Button size="small" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {texts.more}
        </Button>
      )}
    </section>
  );
}
