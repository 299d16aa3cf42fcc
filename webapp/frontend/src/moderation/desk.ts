/** What a moderator's page knows of a room beside its lines: the queue, the shield, who writes. Pure but for its pulse. */

import type { RoomFact } from "../chat/core";
import type { ChatMessage, Chatter, RoomSettings, Told } from "../chat/frames";
import { Pulse, type Clock } from "../chat/pulse";
import { listsOf, type List } from "./concerns";
import { HoldQueue, type HeldMessage, type HoldEntry } from "./queue";

/** Somebody who wrote of late. */
export interface Active {
  readonly login: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly lastAt: number;
  /** Messages since this page is open. */
  readonly messages: number;
}

export interface DeskView {
  readonly state: "joining" | "joined" | "refused";
  readonly you: Chatter | null;
  readonly settings: RoomSettings | null;
  /** Whether the shield is up, as the room told; null: it has not. */
  readonly isShielded: boolean | null;
  /** Oldest first. */
  readonly holds: readonly HoldEntry[];
  readonly waiting: number;
  /** Who wrote last is first. */
  readonly active: readonly Active[];
}

const MOST_ACTIVE = 200;

const NOTHING: DeskView = {
  state: "joining",
  you: null,
  settings: null,
  isShielded: null,
  holds: [],
  waiting: 0,
  active: [],
};

export class Desk {
  readonly #queue = new HoldQueue();
  readonly #active = new Map<string, Active>();
  readonly #listeners = new Set<() => void>();
  readonly #pulse: Pulse;
  readonly #makeOld: (lists: readonly List[]) => void;
  #next: Omit<DeskView, "holds" | "waiting" | "active"> = NOTHING;
  #view: DeskView = NOTHING;

  /** `makeOld` is told which lists something that happened makes old. */
  constructor(makeOld: (lists: readonly List[]) => void, clock?: Clock) {
    this.#makeOld = makeOld;
    this.#pulse = new Pulse(() => {
      this.#draw();
    }, clock);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** As of the last drawing. */
  view = (): DeskView => this.#view;

  /** As it is by now. */
  hold(messageId: string): HoldEntry | undefined {
    return this.#queue.get(messageId);
  }

  /** All that waits, as the server lists it. */
  listed(holds: readonly HeldMessage[], now: number = Date.now()): void {
    this.#queue.list(holds, now);
    this.#pulse.want();
  }

  /** Somebody decided about it, as an answer says; '' for a status that is not known. */
  settled(messageId: string, status: string, by: string | null, now: number = Date.now()): void {
    this.#queue.settled(messageId, status, by, now);
    this.#pulse.want();
  }

  /** Forget what was decided a while ago. */
  sweep(now: number = Date.now()): void {
    if (this.#queue.sweep(now)) this.#pulse.want();
  }

  hear(fact: RoomFact): void {
    switch (fact.type) {
      case "joined":
        this.#next = { ...this.#next, state: "joined", you: fact.you, settings: fact.settings };
        break;
      case "refused":
        this.#next = { ...this.#next, state: "refused" };
        break;
      case "told":
        this.#told(fact.told);
        break;
      case "voted":
        break; // the chat's to show
    }
    this.#pulse.want();
  }

  #told({ type, event, at }: Told): void {
    const text = (name: string): string => {
      const value = event[name];
      return typeof value === "string" ? value : "";
    };
    switch (type) {
      case "channel.chat.message":
        this.#wrote(event as unknown as ChatMessage, at);
        break;
      case "channel.chat_settings.update":
        this.#next = { ...this.#next, settings: event.settings as RoomSettings };
        break;
      case "channel.shield_mode.begin":
      case "channel.shield_mode.end":
        this.#next = { ...this.#next, isShielded: type === "channel.shield_mode.begin" };
        break;
      case "automod.message.hold":
        this.#queue.held(event as unknown as HeldMessage);
        break;
      case "automod.message.update":
        this.#queue.settled(text("message_id"), text("status"), text("moderator_user_login") || null, Date.now());
        break;
    }
    const lists = listsOf(type, event.notice_type);
    if (lists.length > 0) this.#makeOld(lists);
  }

  #wrote(message: ChatMessage, at: number): void {
    const login = message.chatter_user_login;
    const messages = (this.#active.get(login)?.messages ?? 0) + 1;
    this.#active.delete(login);
    this.#active.set(login, { login, name: message.chatter_user_name, lastAt: at, messages });
    if (this.#active.size > MOST_ACTIVE) {
      const [oldest] = this.#active.keys();
      if (oldest !== undefined) this.#active.delete(oldest);
    }
  }

  #draw(): void {
    this.#view = {
      ...this.#next,
      holds: this.#queue.entries(),
      waiting: this.#queue.waiting,
      active: [...this.#active.values()].reverse(),
    };
    for (const listener of this.#listeners) listener();
  }
}
