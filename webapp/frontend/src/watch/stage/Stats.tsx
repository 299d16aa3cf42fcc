import type { ReactNode } from "react";

import { useFormat, useTexts } from "../../i18n";
import type { Player } from "../../player/player";
import { IconButton } from "../../ui";
import styles from "./Stage.module.css";
import { TEXTS } from "./rare-texts";
import { usePulse } from "./useVideo";

const PULSE_MS = 500;

/** What the player is doing, in numbers. */
export function Stats({ player, video, close }: { player: Player; video: HTMLVideoElement; close: () => void }): ReactNode {
  usePulse(PULSE_MS);
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const names = texts.statistics;
  const now = player.diagnostics;
  const exactly = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  const seconds = (value: number | null): string => (value === null ? "–" : `${format.number(value, exactly)} s`);
  const rows: readonly (readonly [string, string])[] = [
    [names.state, now.state],
    [names.mode, `${now.mode}, ${now.profile}`],
    [names.picture, `${video.videoWidth} × ${video.videoHeight}`],
    [names.dropped, format.number(now.dropped_frames)],
    [names.latency, seconds(now.latency_s)],
    [names.buffer, seconds(now.buffer_s)],
    [names.margin, `${seconds(now.margin_s)} / ${seconds(now.target_s)}`],
    [names.jitter, seconds(now.jitter_s)],
    [names.rate, `${format.number(now.rate, exactly)}${now.following ? "" : " (DVR)"}`],
    [names.stalls, `${format.number(now.stalls)} (${seconds(now.stalled_s)})`],
    [names.seeks, format.number(now.seeks)],
    [names.restarts, format.number(now.restarts)],
    [names.bandwidth, now.bandwidth_bps === null ? "–" : `${format.number(now.bandwidth_bps / 1_000_000)} Mbit/s`],
  ];
  return (
    <section className={styles.stats} aria-label={texts.stats} data-testid="stats">
      <IconButton icon="close" size="small" label={texts.hideStats} className={styles.statsClose} onClick={close} />
      <dl>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
