/** What everything in a chat panel needs to know. It changes seldom: lines are not drawn anew for what is said. */

import { createContext, useContext } from "react";

import type { Acts } from "./acts";
import type { Badges } from "./pictures";
import type { Preferences } from "./preferences";
import type { RoomStore } from "./room";
import type { ChatTexts } from "./texts";
import type { ChatMessage } from "./frames";

export interface Chat {
  readonly login: string;
  readonly store: RoomStore;
  readonly acts: Acts;
  readonly texts: ChatTexts;
  /** Who is logged in; null: nobody. */
  readonly me: { readonly id: string; readonly login: string } | null;
  readonly isModerator: boolean;
  readonly isOwner: boolean;
  readonly preferences: Preferences;
  /** Whether emotes stand still. */
  readonly isStill: boolean;
  readonly badges: Badges;
  /** The colour that names stand on, as CSS has it. */
  readonly ground: string;
  /** `isWarning`: with the field for a warning open. */
  readonly openCard: (login: string, isWarning?: boolean) => void;
  readonly openThread: (threadId: string) => void;
  readonly reply: (message: ChatMessage) => void;
  /** Put something into the field, where the caret is. */
  readonly insert: (text: string) => void;
}

export const ChatContext = createContext<Chat | null>(null);

export function useChat(): Chat {
  const chat = useContext(ChatContext);
  if (!chat) throw new Error("outside of a chat panel");
  return chat;
}
