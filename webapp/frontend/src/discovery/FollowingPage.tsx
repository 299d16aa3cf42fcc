import type { ReactNode } from "react";

import { usePages } from "../api/pages";
import type { FollowedChannel } from "../api/types";
import { useUser } from "../api/users";
import { Link, useTitle } from "../app/router";
import { useSession } from "../app/session";
import { useFormat, useTexts } from "../i18n";
import { Avatar, ButtonLink, Empty, ErrorNote, SpinnerPage } from "../ui";
import { useFollowedLive } from "./followed";
import { GridSkeleton, List, StreamGrid } from "./lists";
import styles from "./page.module.css";
import { TEXTS } from "./texts";

/** The channels one follows: those that are live as cards, the others below. */
export default function FollowingPage(): ReactNode {
  const texts = useTexts(TEXTS);
  useTitle(texts.followingTitle);
  const { user, isLoading } = useSession();
  if (isLoading) {
    return <SpinnerPage label={texts.loading} />;
  }
  if (user === null) {
    return (
      <Empty
        wholePage
        icon="heart"
        title={texts.loginFirst}
        action={
          <ButtonLink to="/login?next=/directory/following" kind="primary">
            {texts.login}
          </ButtonLink>
        }
      />
    );
  }
  return <Followed userId={user.id} />;
}

function Followed({ userId }: { userId: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const { streams, error } = useFollowedLive();
  const pages = usePages<FollowedChannel>(["followed", userId, "all"], "/users/me/follows", { first: 50 });
  const nobody = (
    <Empty
      icon="heart"
      title={texts.followNobody}
      text={texts.followNobodyText}
      action={
        <ButtonLink to="/directory" kind="primary">
          {texts.browse}
        </ButtonLink>
      }
    />
  );
  return (
    <div className={styles.page}>
      <h1 className={styles.title}>{texts.followingTitle}</h1>
      {pages.rows?.length !== 0 && (
        <section className={styles.section}>
          <h2>{texts.liveNow}</h2>
          <ErrorNote error={error} />
          {streams === undefined ? (
            error === null && <GridSkeleton count={4} />
          ) : streams.length === 0 ? (
            <p className={styles.quiet}>{texts.noneLive}</p>
          ) : (
            <StreamGrid streams={streams} />
          )}
        </section>
      )}
      <section className={styles.section}>
        <List pages={pages} empty={nobody}>
          {(rows) => <OfflineRows rows={rows.filter((row) => !row.is_live)} />}
        </List>
      </section>
    </div>
  );
}

function OfflineRows({ rows }: { rows: readonly FollowedChannel[] }): ReactNode {
  const texts = useTexts(TEXTS);
  if (rows.length === 0) {
    return null;
  }
  return (
    <>
      <h2>{texts.followedOffline}</h2>
      <ul className={styles.rows} data-testid="offline">
        {rows.map((row) => (
          <OfflineRow key={row.broadcaster_id} row={row} />
        ))}
      </ul>
    </>
  );
}

function OfflineRow({ row }: { row: FollowedChannel }): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const image = useUser(row.broadcaster_id)?.profile_image_url;
  const { broadcaster_login: login, broadcaster_name: name } = row;
  return (
    <li>
      <Link className={styles.row} to={`/${login}`}>
        <Avatar user={{ login, display_name: name, profile_image_url: image }} size={48} />
        <span className={styles.rowText}>
          <bdi className={styles.rowName}>{name}</bdi>
          {row.title !== "" && <bdi>{row.title}</bdi>}
          <span className={styles.quiet}>{texts.lastFollowed(format.ago(row.followed_at))}</span>
        </span>
      </Link>
    </li>
  );
}
