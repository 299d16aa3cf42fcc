import { useEffect, useState } from "react";

import { serverClock } from "../api/clock";

/** The server's time in milliseconds; the component is drawn again every `everyMs` while the page is seen. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => serverClock.now());
  useEffect(() => {
    const tell = (): void => {
      if (!document.hidden) {
        setNow(serverClock.now());
      }
    };
    const timer = window.setInterval(tell, everyMs);
    document.addEventListener("visibilitychange", tell);
    return () => {
      window.clearInterval(timer);
      document.removeEventListener("visibilitychange", tell);
    };
  }, [everyMs]);
  return now;
}
