/** The channels beside every page: those one follows, and the most watched. */

import { useState, type ReactNode } from "react";

import { usePages, type Pages } from "../api/pages";
import type { FollowedChannel, Me, Stream } from "../api/types";
import { useUser } from "../api/users";
import { useFormat, useTexts } from "../i18n";
import { Avatar, Button, cx, IconButton } from "../ui";
import { Link } from "./router";
import { useSession } from "./session";
import styles from "./shell.module.css";
import { TEXTS } from "./texts";

const REFRESH_MS = 30_000;
/** Of the live ones that nobody asked for. */
const SUGGESTED = 8;
/** Some of them are followed, and stand above already. */
const LOOKED_THROUGH = 20;
const STORED = "weir-sidebar";

export function Sidebar(): ReactNode {
  const texts = useTexts(TEXTS);
  const [narrow, setNarrow] = useState(() => wasNarrow());
  const fold = (
    <IconButton
      className={styles.fold}
      size="small"
      icon={narrow ? "expand" : "collapse"}
      label={narrow ? texts.expand : texts.collapse}
      aria-expanded={!narrow}
      onClick={() => {
        keepNarrow(!narrow);
        setNarrow(!narrow);
      }}
    />
  );
  return (
    <nav className={cx(styles.sidebar, narrow && styles.narrow)} aria-label={texts.channels}>
      <Channels fold={fold} />
    </nav>
  );
}

/** `fold`: the button that makes the list narrow. */
export function Channels({ fold }: { fold?: ReactNode }): ReactNode {
  const { user } = useSession();
  return (
    <>
      {user !== null && <Followed user={user} fold={fold} />}
      <Suggested user={user} fold={user === null ? fold : undefined} />
    </>
  );
}

function useFollowed(user: Me | null): Pages<FollowedChannel> {
  const options = { refreshMs: REFRESH_MS, enabled: user !== null };
  return usePages<FollowedChannel>(["followed", user?.id], "/users/me/follows", { first: 20 }, options);
}

function Followed({ user, fold }: { user: Me; fold: ReactNode }): ReactNode {
  const texts = useTexts(TEXTS);
  const list = useFollowed(user);
  return (
    <section className={styles.group}>
      <div className={styles.groupHead}>
        <h2>{texts.followedChannels}</h2>
        {fold}
      </div>
      {list.rows?.length === 0 && <p className={styles.quiet}>{texts.followNobody}</p>}
      <ul className={styles.list}>
        {list.rows?.map((row) => (
          <Row
            key={row.broadcaster_id}
            id={row.broadcaster_id}
            login={row.broadcaster_login}
            name={row.broadcaster_name}
            game={row.game_name}
            viewers={row.is_live ? (row.viewer_count ?? 0) : null}
          />
        ))}
      </ul>
      {list.hasNextPage && (
        <Button
          className={styles.more}
          kind="ghost"
          size="small"
          busy={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          {texts.showMore}
        </Button>
      )}
    </section>
  );
}

function Suggested({ user, fold }: { user: Me | null; fold: ReactNode }): ReactNode {
  const texts = useTexts(TEXTS);
  const { rows } = usePages<Stream>(["suggested"], "/streams", { first: LOOKED_THROUGH }, { refreshMs: REFRESH_MS });
  const followed = useFollowed(user);
  const known = new Set([user?.id, ...(followed.rows ?? []).map((row) => row.broadcaster_id)]);
  // What is followed would stand here for a moment only.
  const isWaiting = user !== null && followed.isPending;
  const others = isWaiting ? undefined : rows?.filter((stream) => !known.has(stream.user_id)).slice(0, SUGGESTED);
  if (others?.length === 0 && fold === undefined) {
    return null;
  }
  return (
    <section className={styles.group}>
      <div className={styles.groupHead}>
        <h2>{texts.liveChannels}</h2>
        {fold}
      </div>
      <ul className={styles.list}>
        {others?.map((stream) => (
          <Row
            key={stream.id}
            id={stream.user_id}
            login={stream.user_login}
            name={stream.user_name}
            game={stream.game_name}
            viewers={stream.viewer_count}
          />
        ))}
      </ul>
    </section>
  );
}

interface RowProps {
  readonly id: string;
  readonly login: string;
  readonly name: string;
  readonly game: string;
  /** null: offline. */
  readonly viewers: number | null;
}

function Row({ id, login, name, game, viewers }: RowProps): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const image = useUser(id)?.profile_image_url;
  return (
    <li>
      <Link className={cx(styles.channel, viewers === null && styles.off)} to={`/${login}`} title={name}>
        <Avatar className={styles.avatar} user={{ login, display_name: name, profile_image_url: image }} size={30} />
        <span className={styles.names}>
          <bdi className={styles.name}>{name}</bdi>
          {viewers !== null && game !== "" && <bdi className={styles.game}>{game}</bdi>}
        </span>
        <span className={styles.count}>
          {viewers === null ? (
            texts.offline
          ) : (
            <>
              <span className={styles.dot} />
              <span aria-hidden="true">{format.count(viewers)}</span>
              <span className="visually-hidden">{texts.watching(format.count(viewers))}</span>
            </>
          )}
        </span>
      </Link>
    </li>
  );
}

function wasNarrow(): boolean {
  try {
    return localStorage.getItem(STORED) === "narrow";
  } catch {
    return false;
  }
}

function keepNarrow(narrow: boolean): void {
  try {
    localStorage.setItem(STORED, narrow ? "narrow" : "wide");
  } catch {
    // storage is forbidden: it lasts as long as the page
  }
}
