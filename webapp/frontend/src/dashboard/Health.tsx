/** What arrives from an encoder, in numbers, words and graphs. */

import type { ReactNode } from "react";

import { useFormat, useTexts } from "../i18n";
import { codecName } from "../player/codecs";
import { cx, Icon } from "../ui";
import type { GraphName, Ingest, SeriesAnswer } from "./data";
import { Graphs, type Series } from "./graph/Graph";
import styles from "./Health.module.css";
import { TEXTS } from "./health.texts";
import { Issues } from "./Issues";

/** Seconds between keyframes that players start best with; the server's advice says the same. */
export const BEST_KEYFRAME_S = 2;

/** How it goes, in one or two words. */
export function Status({ ingest }: { ingest: Ingest }): ReactNode {
  const texts = useTexts(TEXTS);
  const { status, is_connected: isConnected, reading } = ingest;
  if (isConnected && reading === null) {
    return <span className={styles.status}>{texts.measuring}</span>;
  }
  return <span className={cx(styles.status, styles[status])}>{texts.status[status] ?? status}</span>;
}

/** What is wrong, or that nothing is. */
export function Verdict({ ingest }: { ingest: Ingest }): ReactNode {
  const texts = useTexts(TEXTS);
  if (!ingest.is_connected) return <p>{texts.away}</p>;
  if (ingest.issues.length > 0) return <Issues issues={ingest.issues} />;
  return (
    ingest.status === "good" && (
      <p className={styles.well}>
        <Icon name="check" />
        {texts.allWell}
      </p>
    )
  );
}

/** Size, codec and rates of what comes now. */
export function Numbers({ ingest }: { ingest: Ingest }): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const { reading, width, height } = ingest;
  const size = width === null || height === null ? "" : `${width} × ${height}`;
  const pairs: readonly (readonly [string, string | null | undefined])[] = [
    [texts.picture, ingest.video_codec === null ? texts.noPicture : [size, codecName(ingest.video_codec)].filter((part) => part !== "").join(" · ")],
    [texts.sound, ingest.audio_codec === null ? texts.noSound : codecName(ingest.audio_codec)],
    [texts.bitrate, reading && texts.kbits(format.number(Math.round(reading.kbps)))],
    [texts.frames, reading?.fps === null || reading === null ? null : format.number(reading.fps)],
    [texts.keyframes, reading?.keyframe_interval_s === null || reading === null ? null : texts.seconds(format.number(reading.keyframe_interval_s))],
    [texts.lost, reading && format.number(reading.missing_frames + reading.dropped)],
    [texts.roundTrip, reading?.round_trip_ms === null || reading === null ? null : `${format.number(Math.round(reading.round_trip_ms))} ms`],
    [texts.encoder, ingest.encoder === "" ? null : ingest.encoder],
  ];
  return (
    <dl className={styles.numbers} data-testid="ingest-numbers">
      {pairs.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <bdi>{value ?? texts.unknown}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Graphs of a broadcast, as the API gives them. */
export function SeriesGraphs({ answer, names }: { answer: SeriesAnswer | undefined; names: readonly GraphName[] }): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const tellers: Readonly<Record<GraphName, (value: number) => string>> = {
    viewers: (value) => format.number(value),
    chatters: (value) => format.number(value),
    messages: (value) => format.number(value),
    bitrate: (value) => texts.kbits(format.number(Math.round(value))),
    fps: (value) => format.number(value),
    keyframe_interval: (value) => texts.seconds(format.number(value)),
    dropped: (value) => format.number(value),
  };
  const series = names.map((name): Series => ({
    name,
    label: texts.graphs[name],
    points: answer?.data.find((one) => one.name === name)?.points ?? NONE,
    tell: tellers[name],
    ...(name === "keyframe_interval"
      ? { guide: { value: BEST_KEYFRAME_S, label: texts.wanted(texts.seconds(format.number(BEST_KEYFRAME_S))) } }
      : {}),
  }));
  return <Graphs series={series} isOver={answer !== undefined && answer.ended_at !== null} />;
}

const NONE: Series["points"] = [];
