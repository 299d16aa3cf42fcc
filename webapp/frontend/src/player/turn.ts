/**
 * Whose turn it is to play with low latency. Browsers open six HTTP/1.1 connections a host and a low-latency player holds
 * up to four of them (two blocked playlist requests, two parts), so a second one in the same browser would starve both.
 * HTTP/2 has no such limit. A Web Lock, shared by all tabs of this site, is the turn.
 */

const LOCK = "weir:low-latency-player";

/** Does this origin's media come over a protocol that multiplexes? Browsers speak HTTP/2 and 3 over TLS only. */
export function multiplexed(mediaUrl: string, pageProtocol: string): boolean {
  // The media's own protocol is not readable across origins; behind one edge it is the page's.
  return mediaUrl.startsWith("https:") && (pageProtocol === "h2" || pageProtocol === "h3");
}

/** The protocol this page came over, as `PerformanceResourceTiming.nextHopProtocol` names it; "" when unknown. */
export function pageProtocol(): string {
  const [navigation] = performance.getEntriesByType("navigation");
  return navigation instanceof PerformanceNavigationTiming ? navigation.nextHopProtocol : "";
}

/**
 * Take the turn now if it is free and resolve to true, else queue for it, resolve to false, and call `granted` when it
 * comes. The turn is kept until `signal` aborts or the page goes away.
 *
 * Web Locks need a secure context (HTTPS or localhost); elsewhere everybody has the turn.
 */
export async function takeTurn(signal: AbortSignal, granted: () => void): Promise<boolean> {
  if (!("locks" in navigator)) {
    return true;
  }
  const { locks } = navigator;
  return await new Promise((resolve) => {
    const hold = async (): Promise<void> => {
      await new Promise<void>((release) => {
        if (signal.aborted) {
          release();
        }
        signal.addEventListener("abort", () => {
          release();
        });
      });
    };
    void locks.request(LOCK, { ifAvailable: true }, async (lock) => {
      resolve(lock !== null);
      if (lock !== null) {
        await hold();
        return;
      }
      const queued = locks.request(LOCK, { signal }, async () => {
        granted();
        await hold();
      });
      queued.catch(() => undefined); // aborted while waiting: nothing to give back
    });
  });
}
