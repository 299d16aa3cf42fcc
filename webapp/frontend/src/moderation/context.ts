/** What everything on a moderator's page needs to know. */

import { createContext, useContext } from "react";

import type { ModActs, Sayings } from "./acts";
import type { Desk } from "./desk";
import type { Keys } from "./keys";
import type { ModerationTexts } from "./texts";

export interface Moderating {
  /** Of the channel, in lower case. */
  readonly login: string;
  readonly channel: { readonly id: string; readonly login: string; readonly name: string };
  readonly me: { readonly id: string; readonly login: string };
  readonly desk: Desk;
  readonly acts: ModActs;
  readonly sayings: Sayings;
  readonly texts: ModerationTexts;
  readonly keys: Keys;
  /** Show somebody's card. `isWarning`: with the field for a warning open. */
  readonly openPerson: (login: string, isWarning?: boolean) => void;
}

export const ModeratingContext = createContext<Moderating | null>(null);

export function useModerating(): Moderating {
  const moderating = useContext(ModeratingContext);
  if (!moderating) throw new Error("outside of a moderator's page");
  return moderating;
}
