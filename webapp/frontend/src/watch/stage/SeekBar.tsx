import { useRef, useState, type CSSProperties, type PointerEvent, type ReactNode } from "react";

import { serverClock } from "../../api/clock";
import { useFormat, useTexts } from "../../i18n";
import type { Player } from "../../player/player";
import { barOf, behindAt, positionOf, share } from "./seek";
import styles from "./Controls.module.css";
import { TEXTS } from "./texts";
import { usePulse } from "./useVideo";

const PULSE_MS = 500;

/** What of the stream can be gone back to, as a slider whose right end is live. Nothing while there is too little of it. */
export function SeekBar({ player, video }: { player: Player; video: HTMLVideoElement }): ReactNode {
  usePulse(PULSE_MS);
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const [hover, setHover] = useState<{ readonly behind: number; readonly share: number } | null>(null);
  const [dragged, setDragged] = useState<number | null>(null);
  const holding = useRef(false);
  const bar = barOf(player.window, video.currentTime);
  if (bar === null) {
    return null;
  }
  const behind = dragged ?? (bar.isLive ? 0 : Math.round(bar.behind));
  const go = (to: number): void => {
    const range = player.window;
    if (range !== null) {
      player.seek(positionOf(range, to));
    }
  };
  const release = (): void => {
    holding.current = false;
    if (dragged !== null) {
      setDragged(null);
      go(dragged);
    }
  };
  const point = (event: PointerEvent<HTMLElement>): void => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const at = behindAt(event.clientX, left, width, bar.length);
    setHover({ behind: at, share: share({ length: bar.length, behind: at }) });
  };
  const told = (seconds: number): string => (seconds === 0 ? texts.live : texts.behindLive(format.duration(seconds)));
  return (
    <div
      className={styles.seek}
      onPointerMove={point}
      onPointerLeave={() => {
        setHover(null);
      }}
    >
      {hover !== null && (
        <span className={styles.tip} style={{ "--at": hover.share } as CSSProperties} aria-hidden="true">
          {hover.behind === 0 ? texts.live : `−${format.duration(hover.behind)}`}
          <small>{format.time(serverClock.now() - hover.behind * 1000)}</small>
        </span>
      )}
      <input
        type="range"
        className={styles.range}
        aria-label={texts.position}
        aria-valuetext={told(behind)}
        min={-bar.length}
        max={0}
        step={1}
        value={-behind}
        style={{ "--at": share({ length: bar.length, behind }) } as CSSProperties}
        onPointerDown={() => {
          holding.current = true;
        }}
        onPointerUp={release}
        onPointerCancel={release}
        onChange={(event) => {
          const to = -Number(event.target.value);
          if (holding.current) {
            setDragged(to); // the picture follows when it is let go: each seek loads media
          } else {
            go(to);
          }
        }}
        onKeyDown={(event) => {
          const step = { ArrowLeft: 5, ArrowDown: 5, PageDown: 60, ArrowRight: -5, ArrowUp: -5, PageUp: -60 }[event.key];
          if (step !== undefined) {
            event.preventDefault();
            go(Math.max(0, behind + step));
          }
        }}
      />
    </div>
  );
}
