/** Small things that many pages show. */

import { useState, type CSSProperties, type ReactNode } from "react";

import { assetPath } from "../api/assets";
import { useFormat, useProblemText, useTexts } from "../i18n";
import { Button } from "./Button";
import { cx } from "./cx";
import { hue } from "./hue";
import { Icon, type IconName } from "./Icon";
import styles from "./Parts.module.css";
import { TEXTS } from "./texts";
import { useNow } from "./useNow";

/** Where something will be. Sizes as CSS has them. */
export function Skeleton({ width = "100%", height = "1em", className }: { width?: string | undefined; height?: string | undefined; className?: string | undefined }): ReactNode {
  return <div className={cx(styles.skeleton, className)} style={{ width, height }} aria-hidden="true" />;
}

export interface EmptyProps {
  readonly title: string;
  readonly text?: ReactNode;
  /** The way on: a button or a link. */
  readonly action?: ReactNode;
  readonly icon?: IconName | undefined;
  readonly children?: ReactNode;
  /** It is all there is on the page: its title is the page's. */
  readonly wholePage?: boolean | undefined;
}

/** There is nothing here, and this is where to go. */
export function Empty({ title, text, action, icon, children, wholePage = false }: EmptyProps): ReactNode {
  const Heading = wholePage ? "h1" : "h2";
  return (
    <section className={styles.empty} data-testid="empty">
      {icon !== undefined && <Icon name={icon} size={40} className={styles.emptyIcon} />}
      <Heading>{title}</Heading>
      {text !== undefined && <p>{text}</p>}
      {children}
      {action}
    </section>
  );
}

/** What went wrong, and the button that tries again; nothing when `error` is null. */
export function ErrorNote({ error, retry }: { error: unknown; retry?: (() => unknown) | undefined }): ReactNode {
  const say = useProblemText();
  const texts = useTexts(TEXTS);
  if (error === null || error === undefined) {
    return null;
  }
  return (
    <div className={styles.error} role="alert">
      <Icon name="alert" />
      <p>{say(error)}</p>
      {retry !== undefined && (
        <Button icon="refresh" onClick={() => void retry()}>
          {texts.retry}
        </Button>
      )}
    </div>
  );
}

/** A few words on a ground of their own. */
export function Badge({ kind = "plain", children, className }: { kind?: "plain" | "accent" | "live" | undefined; children: ReactNode; className?: string | undefined }): ReactNode {
  return <span className={cx(styles.badge, kind === "accent" && styles.accent, kind === "live" && styles.live, className)}>{children}</span>;
}

export function LiveBadge({ className }: { className?: string | undefined }): ReactNode {
  return (
    <Badge kind="live" className={className}>
      {useTexts(TEXTS).live}
    </Badge>
  );
}

/** Of whom an avatar is; fields as the API has them. */
export interface Pictured {
  readonly login: string;
  readonly display_name?: string | undefined;
  readonly profile_image_url?: string | undefined;
}

/** Somebody's picture, or their initial while there is none; decoration, their name stands beside it. `size` in px. */
export function Avatar({ user, size = 32, className }: { user: Pictured; size?: number | undefined; className?: string | undefined }): ReactNode {
  const path = assetPath(user.profile_image_url);
  const [broken, setBroken] = useState<string | null>(null);
  const name = user.display_name ?? user.login;
  const style = { "--size": `${size}px`, "--hue": hue(user.login) } as CSSProperties;
  return (
    <span className={cx(styles.avatar, className)} style={style} aria-hidden="true">
      {path !== undefined && path !== broken ? (
        <img
          src={path}
          alt=""
          width={size}
          height={size}
          loading="lazy"
          decoding="async"
          onError={() => {
            setBroken(path);
          }}
        />
      ) : (
        (Array.from(name)[0] ?? "").toUpperCase()
      )}
    </span>
  );
}

/** A moment as "3 minutes ago", kept right, with the exact time as a tip. */
export function Time({ value }: { value: string }): ReactNode {
  const format = useFormat();
  useNow(30_000);
  return (
    <time dateTime={value} title={format.dateTime(value)}>
      {format.ago(value)}
    </time>
  );
}

/** How long since a moment, as `1:02:45`, by the second. */
export function Uptime({ since, className }: { since: string; className?: string | undefined }): ReactNode {
  const format = useFormat();
  const now = useNow(1000);
  const start = Date.parse(since);
  return (
    <time className={className} dateTime={since} title={format.dateTime(since)}>
      {format.duration(Number.isNaN(start) ? 0 : (now - start) / 1000)}
    </time>
  );
}
