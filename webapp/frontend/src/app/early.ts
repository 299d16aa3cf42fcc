/**
 * Asks at once for what the first page will need, side by side: who is logged in, what the site is, the page's script, and the
 * channel. Drawn one after the other, each of them would be asked for when the one before is there.
 */

import { channelQuery } from "../api/channel";
import { queryClient } from "./queries";
import { findRoute } from "./routes";
import { askEarly } from "./session";

/** `path`: of the page that is about to be drawn. Never raises. */
export function begin(path: string): void {
  askEarly();
  const { route, params } = findRoute(path);
  if (route.pattern === "/:login" || route.pattern === "/embed/:login") {
    queryClient.query(channelQuery((params.login ?? "").toLowerCase())).catch(nothing);
  }
  switch (route.pattern) {
    case "/:login":
      import("../watch/WatchPage").catch(nothing);
      break;
    case "/":
      import("../discovery/pages").catch(nothing);
      break;
  }
}

function nothing(): void {
  // It is asked for again where it is needed, and missed there.
}
