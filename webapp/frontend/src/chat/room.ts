/** What a page knows of one room: its lines, its rules, who oneself is there. Pure but for the pulse that it is drawn by. */

import { LineBuffer, type Line, type MessageLine, type Remark } from "./buffer";
import type { RoomFact } from "./core";
import type { ChatMessage, Chatter, Hold, JoinedStage, Notice, Pin, Poll, Raid, RoomSettings, Stage, Told } from "./frames";
import { Pulse, type Clock } from "./pulse";

const MODERATORS = ["broadcaster", "moderator", "staff", "admin"];
const OWNERS = ["broadcaster", "staff", "admin"];
const MOST_PEOPLE = 500;

export interface RoomView {
  readonly state: "joining" | "joined" | "refused";
  /** Why it was refused, as `drop_reason` says. */
  readonly refusal: { readonly code: string; readonly message: string } | null;
  readonly channel: { readonly id: string; readonly login: string; readonly name: string } | null;
  readonly settings: RoomSettings | null;
  readonly you: Chatter | null;
  readonly lines: readonly Line[];
  readonly newer: number;
  readonly isHeld: boolean;
  readonly stage: Stage;
  /** The choice one voted for, by poll. */
  readonly votes: Readonly<Record<string, string>>;
  /** Why one was warned; null: one was not, or has acknowledged it. */
  readonly warning: string | null;
  /** When messages were left out last, because there are too many to read; milliseconds since 1970. */
  readonly skippedAt: number;
  /** Whether shield mode is on, as moderators are told; null: not known. */
  readonly isShielded: boolean | null;
  /** Until when one may not write, in milliseconds since 1970; Infinity: for good; 0: one may. */
  readonly barredUntil: number;
}

/** Who was seen writing. */
export interface Person {
  readonly id: string;
  readonly login: string;
  readonly name: string;
}

export function mayModerate(you: Chatter | null): boolean {
  return you?.roles.some((role) => MODERATORS.includes(role)) ?? false;
}

export function mayGiveRoles(you: Chatter | null): boolean {
  return you?.roles.some((role) => OWNERS.includes(role)) ?? false;
}

const NOTHING: RoomView = {
  state: "joining",
  refusal: null,
  channel: null,
  settings: null,
  you: null,
  lines: [],
  newer: 0,
  isHeld: false,
  stage: { pin: null, poll: null, raid: null },
  votes: {},
  warning: null,
  skippedAt: 0,
  isShielded: null,
  barredUntil: 0,
};

export class RoomStore {
  readonly #buffer: LineBuffer;
  readonly #pulse: Pulse;
  readonly #listeners = new Set<() => void>();
  /** By login, who wrote last is last. */
  readonly #people = new Map<string, Person>();
  #view: RoomView = NOTHING;
  #next: RoomView = NOTHING;
  #numbers = 0;
  /** By id, what one wants to see no longer: the last of each kind. */
  #dismissed: Readonly<Partial<Record<keyof Stage, string | undefined>>> = {};
  #isEven = false;

  constructor(buffer: LineBuffer = new LineBuffer(), clock?: Clock) {
    this.#buffer = buffer;
    this.#pulse = new Pulse(() => {
      this.#draw();
    }, clock);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** As of the last drawing. */
  view = (): RoomView => this.#view;

  /** Who wrote here, the latest first. */
  people(): readonly Person[] {
    return [...this.#people.values()].reverse();
  }

  messagesOf(userId: string): readonly MessageLine[] {
    return this.#buffer.messagesOf(userId);
  }

  thread(threadId: string): readonly MessageLine[] {
    return this.#buffer.thread(threadId);
  }

  hold(): void {
    this.#buffer.hold();
    this.#pulse.want();
  }

  /** Show the newest at once. */
  release(): void {
    this.#buffer.release();
    this.#draw();
  }

  remark(remark: Remark, at: number = Date.now()): void {
    this.#buffer.add({ kind: "remark", key: this.#key(), at, remark });
    this.#pulse.want();
  }

  /** Messages that wait for a moderator, as the server lists them. */
  holds(holds: readonly Hold[]): void {
    for (const hold of holds) this.#hold(hold, "waiting", Date.now());
    this.#pulse.want();
  }

  /** Look at it no longer, also when the room is joined again: what is pinned, a poll that is over, or a raid. */
  dismiss(what: keyof Stage): void {
    const { pin, poll, raid } = this.#next.stage;
    this.#dismissed = { ...this.#dismissed, [what]: { pin: pin?.message_id, poll: poll?.id, raid: raid?.raid_id }[what] };
    this.#set({ stage: { ...this.#next.stage, [what]: null } });
  }

  acknowledged(): void {
    this.#set({ warning: null });
  }

  hear(fact: RoomFact): void {
    switch (fact.type) {
      case "joined":
        this.#set({ state: "joined", refusal: null, channel: fact.channel, settings: fact.settings, you: fact.you });
        this.#joinedStage(fact.stage);
        break;
      case "refused":
        this.#set({ state: "refused", refusal: { code: fact.code, message: fact.message } });
        break;
      case "voted":
        this.#set({ votes: { [fact.pollId]: fact.choiceId } });
        break;
      case "told":
        if (fact.isAfterGap === true) this.remark({ code: "gap" }, fact.told.at);
        this.#told(fact.told);
        break;
    }
    this.#pulse.want();
  }

  #told(told: Told): void {
    const { event, at } = told;
    const text = (name: string): string => {
      const value = event[name];
      return typeof value === "string" ? value : "";
    };
    if (told.skipped > 0) this.#set({ skippedAt: Date.now() });
    switch (told.type) {
      case "channel.chat.message":
        this.#message(event as unknown as ChatMessage, at);
        break;
      case "channel.chat.notification":
        this.#buffer.add({ kind: "notice", key: this.#key(), at, notice: event as unknown as Notice, isStruck: false });
        break;
      case "channel.chat.message_delete":
        this.#buffer.strikeMessage(text("message_id"));
        break;
      case "channel.chat.clear_user_messages":
        this.#cleared(text("target_user_id"), text("target_user_login"), event.duration_seconds, at);
        break;
      case "channel.unban":
        if (text("user_id") === this.#next.you?.chatter_user_id) this.#set({ barredUntil: 0 });
        this.#remarkToModerators({ code: "unbanned", login: text("user_login") }, at);
        break;
      case "channel.chat.clear":
        this.#buffer.strikeAll();
        this.remark({ code: "cleared" }, at);
        break;
      case "channel.chat_settings.update":
        this.#set({ settings: event.settings as RoomSettings });
        break;
      case "stream.online":
        this.remark({ code: "online", title: text("title") }, at);
        break;
      case "stream.offline":
        this.remark({ code: "offline" }, at);
        break;
      case "channel.warning.send":
        if (text("user_id") === this.#next.you?.chatter_user_id) this.#set({ warning: text("reason") });
        break;
      case "channel.suspicious_user.message":
        this.remark({ code: "watched", login: text("user_login"), text: text("message") }, at);
        break;
      case "channel.chat.pin":
        if (!event.pin) this.#dismissed = { ...this.#dismissed, pin: undefined }; // the same one pinned anew is news
        this.#onStage({ pin: (event.pin ?? null) as Pin | null });
        break;
      case "channel.poll.begin":
      case "channel.poll.progress":
      case "channel.poll.end":
        this.#onStage({ poll: text("status") === "ARCHIVED" ? null : (event as unknown as Poll) });
        break;
      case "channel.raid.pending":
      case "channel.raid":
        this.#raid(event as unknown as Raid, text("broadcaster_user_id"));
        break;
      case "channel.raid.cancel":
        this.#onStage({ raid: null });
        break;
      case "channel.shield_mode.begin":
      case "channel.shield_mode.end":
        this.#set({ isShielded: told.type === "channel.shield_mode.begin" });
        break;
      case "automod.message.hold":
        this.#hold(event as unknown as Hold, "waiting", at);
        break;
      case "automod.message.update":
        this.#buffer.replace(`hold ${text("message_id")}`, (line) =>
          line.kind === "remark" && line.remark.code === "hold"
            ? { ...line, remark: { ...line.remark, status: text("status") } }
            : line,
        );
        break;
    }
  }

  #message(message: ChatMessage, at: number): void {
    const person = { id: message.chatter_user_id, login: message.chatter_user_login, name: message.chatter_user_name };
    this.#people.delete(person.login);
    this.#people.set(person.login, person);
    if (this.#people.size > MOST_PEOPLE) {
      const [oldest] = this.#people.keys();
      if (oldest !== undefined) this.#people.delete(oldest);
    }
    // Roles and badges that somebody got meanwhile show first in what they say.
    if (person.id === this.#next.you?.chatter_user_id) this.#set({ you: message });
    this.#isEven = !this.#isEven;
    this.#buffer.add({ kind: "message", key: this.#key(), at, message, isStruck: false, isEven: this.#isEven });
  }

  #cleared(userId: string, login: string, duration: unknown, at: number): void {
    this.#buffer.strikeUser(userId);
    const seconds = typeof duration === "number" ? duration : null;
    if (userId === this.#next.you?.chatter_user_id && seconds !== 0) {
      this.#set({ barredUntil: seconds === null ? Infinity : at + seconds * 1000 });
    }
    if (seconds === null) this.#remarkToModerators({ code: "banned", login }, at);
    else if (seconds === 0) this.#remarkToModerators({ code: "purged", login }, at);
    else this.#remarkToModerators({ code: "timedout", login, seconds }, at);
  }

  #hold(hold: Hold, status: string, at: number): void {
    const key = `hold ${hold.message_id}`;
    if (this.#buffer.view().some((line) => line.key === key)) return;
    this.#buffer.add({ kind: "remark", key, at, remark: { code: "hold", hold, status } });
  }

  /** Only those who are led away are asked; where they arrive, the chat says so. */
  #raid(raid: Raid, channelId: string): void {
    if (raid.from_broadcaster_user_id === channelId) this.#onStage({ raid });
  }

  /** How things are, as the server has it: a vote that is not there was another person's. */
  #joinedStage({ pin, poll, raid, vote }: JoinedStage): void {
    this.#onStage({ pin, poll, raid });
    this.#set({ votes: poll === null || vote === null ? {} : { [poll.id]: vote } });
  }

  #onStage(change: Partial<Stage>): void {
    const { pin, poll, raid } = { ...this.#next.stage, ...change };
    const gone = this.#dismissed;
    this.#set({
      stage: {
        pin: pin?.message_id === gone.pin ? null : pin,
        poll: poll?.id === gone.poll ? null : poll,
        raid: raid?.raid_id === gone.raid ? null : raid,
      },
    });
  }

  #remarkToModerators(remark: Remark, at: number): void {
    if (mayModerate(this.#next.you)) this.remark(remark, at);
  }

  #key(): string {
    this.#numbers += 1;
    return `line ${this.#numbers}`;
  }

  #set(change: Partial<RoomView>): void {
    this.#next = { ...this.#next, ...change };
    this.#pulse.want();
  }

  #draw(): void {
    this.#next = {
      ...this.#next,
      lines: this.#buffer.view(),
      newer: this.#buffer.newer,
      isHeld: this.#buffer.isHeld,
    };
    this.#view = this.#next;
    for (const listener of this.#listeners) listener();
  }
}
