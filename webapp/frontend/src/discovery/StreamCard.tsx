import { useState, type CSSProperties, type ReactNode } from "react";

import { Link } from "../app/router";
import { assetPath } from "../api/assets";
import type { Stream } from "../api/types";
import { useUser } from "../api/users";
import { useFormat, useTexts } from "../i18n";
import { Avatar, Badge, cx, hue, LiveBadge, Uptime } from "../ui";
import styles from "./cards.module.css";
import { TEXTS } from "./texts";

/** More are not shown on a card. */
const MAX_TAGS = 3;

/** A live stream in a list: the whole card leads to it, its category and tags lead to others like it. */
export function StreamCard({ stream, withGame = true }: { stream: Stream; withGame?: boolean }): ReactNode {
  const user = useUser(stream.user_id);
  const { user_login: login, user_name: name } = stream;
  return (
    <li className={styles.card}>
      <Thumb stream={stream} />
      <div className={styles.text}>
        <Avatar user={{ login, display_name: name, profile_image_url: user?.profile_image_url }} size={40} />
        <div className={styles.words}>
          <h3 className={styles.title}>
            <Link
              to={`/${login}`}
              title={stream.title || name}
              aria-label={stream.title === "" ? undefined : `${stream.title}, ${name}`}
            >
              <bdi>{stream.title || name}</bdi>
            </Link>
          </h3>
          {stream.title !== "" && (
            <p className={styles.name}>
              <bdi>{name}</bdi>
            </p>
          )}
          {withGame && stream.game_id !== "" && (
            <p className={styles.game}>
              <Link to={`/directory/category/${stream.game_id}`}>
                <bdi>{stream.game_name}</bdi>
              </Link>
            </p>
          )}
          <Tags tags={stream.tags} />
        </div>
      </div>
    </li>
  );
}

function Thumb({ stream }: { stream: Stream }): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const { user_login: login, user_name: name } = stream;
  const path = assetPath(stream.thumbnail_url);
  const [broken, setBroken] = useState<string | null>(null);
  return (
    <div className={cx(styles.thumb, "thumb")} style={{ "--hue": hue(login) } as CSSProperties}>
      <span className={styles.initial} aria-hidden="true">
        {(Array.from(name)[0] ?? "").toUpperCase()}
      </span>
      {path !== undefined && path !== broken && (
        <img
          // One element for all pictures of a stream: the old one is seen until the new one is there.
          src={path}
          alt={texts.isLive(name)}
          width={440}
          height={248}
          loading="lazy"
          decoding="async"
          onError={() => {
            setBroken(path);
          }}
        />
      )}
      <LiveBadge className={styles.live} />
      {stream.is_mature && <Badge className={styles.mature}>{texts.mature}</Badge>}
      <span className={styles.viewers} data-testid="viewers">
        {texts.watching(format.count(stream.viewer_count))}
      </span>
      <Uptime className={styles.uptime} since={stream.started_at} />
    </div>
  );
}

function Tags({ tags }: { tags: readonly string[] }): ReactNode {
  const texts = useTexts(TEXTS);
  if (tags.length === 0) {
    return null;
  }
  return (
    <ul className={styles.tags} aria-label={texts.tags}>
      {tags.slice(0, MAX_TAGS).map((tag) => (
        <li key={tag}>
          <Link to={`/directory/live?tag=${encodeURIComponent(tag)}`}>
            <bdi>{tag}</bdi>
          </Link>
        </li>
      ))}
    </ul>
  );
}
