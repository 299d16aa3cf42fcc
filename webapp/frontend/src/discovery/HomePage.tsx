import type { ReactNode } from "react";

import { usePages } from "../api/pages";
import type { LiveCategory, Stream } from "../api/types";
import { Link, useTitle } from "../app/router";
import { useSession, useSite } from "../app/session";
import { useTexts } from "../i18n";
import { ButtonLink, cx, Empty } from "../ui";
import { CategoryCard } from "./CategoryCard";
import { REFRESH_MS, useFollowedLive } from "./followed";
import { GridSkeleton, List, StreamGrid } from "./lists";
import styles from "./page.module.css";
import { TEXTS } from "./texts";

/** Who is live: first those one follows, then everybody, the most watched first; and how to go live when nobody is. */
export default function HomePage(): ReactNode {
  const texts = useTexts(TEXTS);
  useTitle("");
  const { user, isLoading } = useSession();
  const { streams: followed, error } = useFollowedLive();
  const pages = usePages<Stream>(["streams"], "/streams", { first: 20 }, { refreshMs: REFRESH_MS });
  // What came above everything else later would move it away from under somebody's finger.
  const isWaiting = isLoading || (user !== null && followed === undefined && error === null);
  const live = pages.rows !== undefined && pages.rows.length > 0;
  return (
    <div className={styles.page}>
      <h1 className="visually-hidden">{texts.liveNow}</h1>
      {isWaiting && <GridSkeleton />}
      {followed !== undefined && followed.length > 0 && (
        <section className={styles.section}>
          <div className={styles.sectionHead}>
            <h2>{texts.followedLive}</h2>
          </div>
          <StreamGrid streams={followed} />
        </section>
      )}
      {!isWaiting && (
        <section className={styles.section}>
          {live && (
            <div className={styles.sectionHead}>
              <h2>{texts.liveChannels}</h2>
            </div>
          )}
          <List pages={pages} waiting={<GridSkeleton />} empty={<HowToGoLive />}>
            {(rows) => <StreamGrid streams={rows} />}
          </List>
        </section>
      )}
      {!isWaiting && live && <Categories />}
    </div>
  );
}

/** One line of the categories in which something is live. */
function Categories(): ReactNode {
  const texts = useTexts(TEXTS);
  const { rows } = usePages<LiveCategory>(["categories"], "/games/top", { first: 12 });
  const live = rows?.filter((category) => category.live_channels > 0) ?? [];
  if (live.length === 0) {
    return null;
  }
  return (
    <section className={styles.section}>
      <div className={styles.sectionHead}>
        <h2>{texts.categories}</h2>
        <Link to="/directory">{texts.allCategories}</Link>
      </div>
      <ul className={cx(styles.boxes, styles.line)}>
        {live.map((category) => (
          <CategoryCard key={category.id} category={category} />
        ))}
      </ul>
    </section>
  );
}

function HowToGoLive(): ReactNode {
  const texts = useTexts(TEXTS);
  const server = `${useSite().urls.rtmp}/live`;
  return (
    <Empty
      icon="wave"
      title={texts.nobodyLive}
      text={texts.nobodyLiveText}
      action={<ButtonLink to="/directory">{texts.browse}</ButtonLink>}
    >
      <ol className={styles.steps}>
        <li>
          <h3>{texts.stepKey}</h3>
          <p>
            {texts.stepKeyText} <code>.venv/bin/weir key create LOGIN</code>
          </p>
        </li>
        <li>
          <h3>{texts.stepEncoder}</h3>
          <p>
            {texts.stepEncoderText} <code>{server}</code>. {texts.stepEncoderKeyframes}
          </p>
        </li>
        <li>
          <h3>{texts.stepFile}</h3>
          <p>
            <code>{`ffmpeg -re -i FILE -c copy -f flv ${server}/KEY`}</code>
          </p>
        </li>
      </ol>
      <p>
        {texts.justLooking} <code>.venv/bin/weir demo</code>
      </p>
    </Empty>
  );
}
