import type { ReactNode } from "react";

import type { Schemas } from "../../api/types";
import { useFormat, useTexts } from "../../i18n";
import styles from "./past.module.css";
import { TEXTS } from "./texts";

export interface FiguresProps {
  readonly broadcast: Schemas["PastBroadcast"];
  /** Also how it was sent. */
  readonly whole?: boolean;
}

/** The numbers of a broadcast. */
export function Figures({ broadcast, whole = false }: FiguresProps): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const { average_viewers: average, message_count: messages, new_followers: followers, width, height } = broadcast;
  const size = typeof width === "number" && typeof height === "number" ? `${width} × ${height}` : "";
  const pairs: readonly (readonly [string, string | null | undefined])[] = [
    [texts.length, format.duration(broadcast.duration_s)],
    [texts.peak, format.count(broadcast.peak_viewers)],
    [texts.average, average === null ? null : format.number(average)],
    [texts.messages, typeof messages === "number" ? format.count(messages) : null],
    [texts.followers, typeof followers === "number" ? format.count(followers) : null],
  ];
  const technical: typeof pairs = [
    [texts.picture, [size, broadcast.video_codec ?? ""].filter((part) => part !== "").join(" · ")],
    [texts.encoder, broadcast.encoder],
    [texts.reconnects, format.number(broadcast.reconnects)],
  ];
  return (
    <dl className={styles.figures}>
      {[...pairs, ...(whole ? technical : [])].map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <bdi>{value === "" ? texts.unknown : (value ?? texts.unknown)}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}
