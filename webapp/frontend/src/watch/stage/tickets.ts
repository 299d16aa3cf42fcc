/** Asks for tickets to media that is not for everybody. */

import { ApiError, send } from "../../api/client";
import { problemText } from "../../i18n";
import type { Ticket, Verdict } from "../../player/ticket";

/** Ask for a ticket to a channel's media. Never throws. */
export async function playTicket(login: string, password?: string): Promise<Verdict> {
  try {
    const path = `/channels/${encodeURIComponent(login)}/play-ticket`;
    const ticket = await send<Ticket | undefined>("POST", path, password === undefined ? {} : { password });
    return ticket === undefined ? { kind: "open" } : { kind: "ticket", ticket };
  } catch (error) {
    const message = problemText(error);
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
      return { kind: "refused", reason: error.reason, message };
    }
    return { kind: "unavailable", message };
  }
}
