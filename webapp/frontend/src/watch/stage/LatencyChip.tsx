import type { ReactNode } from "react";

import { useFormat, useTexts } from "../../i18n";
import { latency as latencyText } from "../../i18n/format";
import type { Player } from "../../player/player";
import { cx } from "../../ui";
import styles from "./Controls.module.css";
import { TEXTS } from "./texts";
import { usePulse } from "./useVideo";

const PULSE_MS = 500;
const BEHIND_S = 5;

/** How many seconds behind the streamer the picture is; a click goes to live. */
export function LatencyChip({ player, paused }: { player: Player; paused: boolean }): ReactNode {
  usePulse(PULSE_MS);
  const texts = useTexts(TEXTS);
  const { language } = useFormat();
  const seconds = player.latency();
  if (seconds === null) {
    return null;
  }
  const behind = seconds > BEHIND_S;
  const shown = language === "de" ? latencyText(seconds).replace(".", ",") : latencyText(seconds);
  return (
    <button
      type="button"
      className={cx(styles.chip, (behind || paused) && styles.behind)}
      title={texts.toLive}
      onClick={() => {
        player.goLive();
      }}
    >
      <span className={styles.dot} />
      <span data-testid="latency" data-latency-ms={Math.round(seconds * 1000)}>
        {behind ? texts.behindLive(shown) : texts.latency(shown)}
      </span>
      {behind && <strong>{texts.goLive}</strong>}
    </button>
  );
}
