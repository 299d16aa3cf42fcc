import { useEffect } from "react";

const IDLE_MS = 3000;

/**
 * `data-idle` on the stage while it plays and nobody has moved for a while: controls and pointer go away. Not while
 * something in them has the focus of the keyboard, or a menu is open.
 */
export function useIdle(stage: HTMLElement | null, video: HTMLVideoElement | null): void {
  useEffect(() => {
    if (stage === null || video === null) {
      return;
    }
    const abort = new AbortController();
    const { signal } = abort;
    let timer: number | undefined;
    const rest = (): void => {
      const busy = stage.querySelector("[data-controls] :focus-visible, [aria-expanded=true]") !== null;
      stage.toggleAttribute("data-idle", !video.paused && !busy);
    };
    const wake = (): void => {
      stage.removeAttribute("data-idle");
      window.clearTimeout(timer);
      timer = window.setTimeout(rest, IDLE_MS);
    };
    for (const name of ["pointermove", "pointerdown", "focusin", "keydown"]) {
      stage.addEventListener(name, wake, { signal });
    }
    stage.addEventListener(
      "pointerleave",
      (event) => {
        if (event.pointerType === "mouse") {
          rest();
        }
      },
      { signal },
    );
    video.addEventListener("play", wake, { signal });
    video.addEventListener("pause", wake, { signal });
    wake();
    return () => {
      abort.abort();
      window.clearTimeout(timer);
    };
  }, [stage, video]);
}
