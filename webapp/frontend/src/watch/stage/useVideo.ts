/** What a media element is like, for components: they are drawn again when that changes. */

import { useCallback, useEffect, useReducer, useSyncExternalStore } from "react";

import { recallCaptions, rememberCaptions } from "./memory";

/** `read` must give the same value while nothing has changed; both arguments must be constants. */
function useVideo<T extends string | number | boolean>(
  video: HTMLVideoElement | null,
  events: readonly string[],
  read: (video: HTMLVideoElement) => T,
  without: T,
): T {
  const subscribe = useCallback(
    (listener: () => void) => {
      for (const name of events) {
        video?.addEventListener(name, listener);
      }
      return () => {
        for (const name of events) {
          video?.removeEventListener(name, listener);
        }
      };
    },
    [video, events],
  );
  return useSyncExternalStore(subscribe, () => (video === null ? without : read(video)));
}

const PLAYING = ["play", "pause", "emptied"];
const SOUND = ["volumechange"];
const PIP = ["enterpictureinpicture", "leavepictureinpicture"];
const isPaused = (video: HTMLVideoElement): boolean => video.paused;
const heard = (video: HTMLVideoElement): number => (video.muted ? 0 : video.volume);
const isPip = (video: HTMLVideoElement): boolean => document.pictureInPictureElement === video;

export function usePaused(video: HTMLVideoElement | null): boolean {
  return useVideo(video, PLAYING, isPaused, true);
}

/** How loud it is, 0 to 1; 0 also while it is muted. */
export function useLoudness(video: HTMLVideoElement | null): number {
  return useVideo(video, SOUND, heard, 1);
}

export function usePip(video: HTMLVideoElement | null): boolean {
  return useVideo(video, PIP, isPip, false);
}

/** Whether `element` fills the screen. */
export function useFullscreen(element: HTMLElement | null): boolean {
  return useSyncExternalStore(
    (listener) => {
      document.addEventListener("fullscreenchange", listener);
      return () => {
        document.removeEventListener("fullscreenchange", listener);
      };
    },
    () => element !== null && document.fullscreenElement === element,
  );
}

/** Draw the component anew every so many milliseconds while the page is seen: for what has no events. */
export function usePulse(everyMs: number): void {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const timer = window.setInterval(() => {
      if (!document.hidden) {
        draw();
      }
    }, everyMs);
    return () => {
      window.clearInterval(timer);
    };
  }, [everyMs]);
}

export interface Captions {
  /** The stream has some. */
  readonly there: boolean;
  readonly shown: boolean;
  readonly toggle: () => void;
}

function captionTracks(video: HTMLVideoElement): TextTrack[] {
  return Array.from(video.textTracks).filter(({ kind }) => kind === "captions" || kind === "subtitles");
}

/** Captions that come with the stream (see player/captions.ts; where the browser plays HLS itself, its own): shown if they were the last time. */
export function useCaptions(video: HTMLVideoElement | null): Captions {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    if (video === null) {
      return;
    }
    const { textTracks } = video;
    const look = (): void => {
      draw();
    };
    const added = (): void => {
      show(video, recallCaptions());
      draw();
    };
    textTracks.addEventListener("addtrack", added);
    textTracks.addEventListener("removetrack", look);
    textTracks.addEventListener("change", look);
    added();
    return () => {
      textTracks.removeEventListener("addtrack", added);
      textTracks.removeEventListener("removetrack", look);
      textTracks.removeEventListener("change", look);
    };
  }, [video]);
  const tracks = video === null ? [] : captionTracks(video);
  const shown = tracks.some(({ mode }) => mode === "showing");
  return {
    there: tracks.length > 0,
    shown,
    toggle: () => {
      if (video !== null && tracks.length > 0) {
        rememberCaptions(!shown);
        show(video, !shown);
      }
    },
  };
}

/** Of several languages the first one; `hidden`, not `disabled`: then what was said meanwhile is there when they are shown. */
function show(video: HTMLVideoElement, on: boolean): void {
  for (const [index, track] of captionTracks(video).entries()) {
    track.mode = on && index === 0 ? "showing" : "hidden";
  }
}
