/**
 * The chat connection of a page as a state machine: what is to be sent, opened, closed and told, never how. Pure: the
 * clock and chance are arguments, effects are taken with `take()`.
 *
 * Rooms are joined with the place (epoch and offset) of the last event that was heard of them, so that what was missed
 * comes again; ids that were seen before are passed over. A message of which it is not known whether it arrived is sent
 * again with its nonce, by which the server knows it.
 */

import { waitAsAdvised, waitBeforeTry } from "./backoff";
import {
  identity,
  isLine,
  type Answer,
  type Chatter,
  type Frame,
  type JoinedStage,
  type Place,
  type RoomSettings,
  type Told,
} from "./frames";
import { Seen } from "./seen";

/** For how long a server knows a message again by its nonce is 60 s; less, because the way there takes time. */
export const RESEND_MS = 50_000;
export const WELCOME_MS = 10_000;
/** So long nothing was heard: ask. */
export const QUIET_MS = 30_000;
export const ANSWER_MS = 10_000;
const REMEMBERED_IDS = 5_000;
const MOST_PENDING = 50;
/** Of the last messages, for who comes, and where what was missed is too much. */
const HISTORY = 50;
/** "breaks rules": too many connections of one account. Trying at once does not help. */
const CLOSE_POLICY = 1008;
const POLICY_TRIES = 6;
/** The server cannot look the room up at the moment. */
const UNAVAILABLE = "msg_unavailable";

export type Status = "idle" | "connecting" | "open" | "waiting" | "offline";

/** Why a request has no answer: the connection was lost, or nothing came. */
export interface Lost {
  readonly lost: true;
}
export type Outcome = Answer | Lost;

export type RoomFact =
  | {
      readonly type: "joined";
      readonly channel: { readonly id: string; readonly login: string; readonly name: string };
      readonly settings: RoomSettings;
      readonly you: Chatter | null;
      readonly stage: JoinedStage;
      /** Something may have been missed that does not come again; of the lines, `told` says whether some were. */
      readonly hasGap: boolean;
    }
  | { readonly type: "refused"; readonly code: string; readonly message: string }
  | { readonly type: "voted"; readonly pollId: string; readonly choiceId: string }
  | {
      readonly type: "told";
      readonly told: Told;
      /** Lines were missed before this one. */
      readonly isAfterGap?: boolean;
    };

export type Effect =
  | { readonly type: "open" }
  | { readonly type: "close" }
  | { readonly type: "send"; readonly text: string }
  | { readonly type: "room"; readonly login: string; readonly fact: RoomFact }
  | { readonly type: "answered"; readonly id: string; readonly outcome: Outcome }
  | { readonly type: "status"; readonly status: Status };

export type Request = Readonly<Record<string, unknown>> & { readonly type: string; readonly channel: string };

const EMPTY_STAGE: JoinedStage = { pin: null, poll: null, vote: null, raid: null };

interface Room {
  readonly login: string;
  channelId: string | null;
  /** Of the last event that was heard. */
  place: Place | null;
  isJoined: boolean;
  hasLines: boolean;
  /** Whether lines are missing before the next one is not known until it comes. */
  isInDoubt: boolean;
  joinId: string | null;
  /** After a refusal that passes, when to ask again. */
  retryAt: number | null;
  tries: number;
}

interface Pending {
  readonly request: Request;
  readonly askedAt: number;
  wasSent: boolean;
}

/** One connection, several rooms. */
export class ChatCore {
  readonly #rooms = new Map<string, Room>();
  readonly #byId = new Map<string, Room>();
  readonly #pending = new Map<string, Pending>();
  readonly #seen = new Seen(REMEMBERED_IDS);
  readonly #chance: () => number;
  #effects: Effect[] = [];
  #status: Status = "idle";
  #isOnline = true;
  #isAdvised = false;
  #tries = 0;
  #numbers = 0;
  /** When the present state has lasted long enough: to try, to give up, to ask. */
  #wakeAt: number | null = null;
  #pingId: string | null = null;
  /** Who reads, as the server says. */
  #userId: string | null = null;
  /** Who should read, as the page knows; `undefined`: it does not know yet. */
  #wanted: string | null | undefined = undefined;
  #hasRenewed = false;

  constructor(chance: () => number) {
    this.#chance = chance;
  }

  get status(): Status {
    return this.#status;
  }

  /** When `tick` is due, on the clock of its callers; `null`: not before something else happens. */
  get wakeAt(): number | null {
    let at = this.#wakeAt;
    for (const pending of this.#pending.values()) {
      const deadline = pending.askedAt + allowance(pending);
      at = at === null ? deadline : Math.min(at, deadline);
    }
    for (const { retryAt } of this.#rooms.values()) {
      if (retryAt !== null) at = at === null ? retryAt : Math.min(at, retryAt);
    }
    return at;
  }

  /** Take what is to be done, oldest first. */
  take(): Effect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** Read a room from now on; twice is once. */
  join(login: string, now: number): void {
    if (this.#rooms.has(login)) return;
    const room: Room = { login, channelId: null, place: null, isJoined: false, hasLines: false, isInDoubt: false, joinId: null, retryAt: null, tries: 0 };
    this.#rooms.set(login, room);
    if (this.#status === "open") this.#sendJoin(room);
    else if (this.#status === "idle") this.#open(now);
  }

  /** Read a room no longer. */
  leave(login: string): void {
    const room = this.#rooms.get(login);
    if (!room) return;
    this.#rooms.delete(login);
    if (room.channelId !== null) this.#byId.delete(room.channelId);
    if (this.#status === "open") this.#send({ type: "leave", id: this.#nextId(), channel: login });
    if (this.#rooms.size === 0) this.#rest();
  }

  /** Ask for something; the answer comes as an effect under the id that is returned. */
  ask(request: Request, now: number): string {
    const id = this.#nextId();
    const pending: Pending = { request, askedAt: now, wasSent: false };
    if (this.#pending.size >= MOST_PENDING) {
      this.#effects.push({ type: "answered", id, outcome: { lost: true } });
      return id;
    }
    this.#pending.set(id, pending);
    const room = this.#rooms.get(request.channel);
    if (this.#status === "open" && room?.isJoined) this.#sendPending(id, pending);
    else if (!isMessage(request)) this.#answer(id, { lost: true });
    return id;
  }

  opened(now: number): void {
    if (this.#status === "connecting") this.#wakeAt = now + WELCOME_MS;
  }

  received(frame: Frame, now: number): void {
    if (this.#status === "open" && this.#pingId === null) this.#wakeAt = now + QUIET_MS;
    switch (frame.kind) {
      case "welcome":
        this.#welcome(frame.userId, now);
        break;
      case "goodbye":
        this.#isAdvised = true;
        break;
      case "answer":
        this.#answered(frame.answer, now);
        break;
      case "told":
        this.#told(frame.told);
        break;
      case "error":
        break;
    }
  }

  /** The socket is gone, by whomever. */
  closed(code: number, now: number): void {
    if (this.#status === "idle" || this.#status === "waiting" || this.#status === "offline") return;
    this.#lose();
    if (!this.#isOnline) {
      this.#become("offline", null);
      return;
    }
    if (code === CLOSE_POLICY) this.#tries = Math.max(this.#tries, POLICY_TRIES);
    const isAdvised = this.#isAdvised || code === 1012;
    this.#isAdvised = false;
    const wait = isAdvised && this.#tries === 0 ? waitAsAdvised(this.#chance()) : waitBeforeTry(this.#tries, this.#chance());
    this.#tries += 1;
    this.#become("waiting", now + wait);
  }

  /** The time of `wakeAt` has come; earlier, nothing happens. */
  tick(now: number): void {
    this.#giveUpOld(now);
    for (const room of this.#rooms.values()) {
      if (room.retryAt !== null && now >= room.retryAt) this.#sendJoin(room);
    }
    if (this.#wakeAt === null || now < this.#wakeAt) return;
    switch (this.#status) {
      case "waiting":
        this.#open(now);
        break;
      case "connecting":
        this.#drop(now);
        break;
      case "open":
        this.#probe(now);
        break;
      case "idle":
      case "offline":
        this.#wakeAt = null;
        break;
    }
  }

  online(now: number): void {
    this.#isOnline = true;
    if (this.#status !== "offline" && this.#status !== "waiting") return;
    this.#tries = 0;
    this.#open(now);
  }

  offline(): void {
    this.#isOnline = false;
    if (this.#status === "idle" || this.#status === "offline") return;
    this.#effects.push({ type: "close" });
    this.#lose();
    this.#become("offline", null);
  }

  /** Try now, because somebody asked to, or the page was away. */
  retry(now: number): void {
    if (this.#status === "waiting") this.#open(now);
  }

  /** Say who is logged in (`null`: nobody): a connection of somebody else is made anew. */
  identify(userId: string | null, now: number): void {
    if (userId === this.#wanted) return;
    // What the one wrote is not said by the other.
    if (this.#wanted !== undefined) for (const id of this.#pending.keys()) this.#answer(id, { lost: true });
    this.#wanted = userId;
    this.#hasRenewed = false;
    if (this.#status === "open" && this.#userId !== userId) this.#renew(now);
  }

  #renew(now: number): void {
    this.#hasRenewed = true; // once: a server that sees it otherwise is right
    this.#effects.push({ type: "close" });
    this.#lose();
    this.#tries = 0;
    this.#open(now);
  }

  #welcome(userId: string | null, now: number): void {
    if (this.#status !== "connecting") return;
    this.#userId = userId;
    if (this.#wanted !== undefined && this.#wanted !== userId && !this.#hasRenewed) {
      this.#renew(now);
      return;
    }
    this.#tries = 0;
    this.#isAdvised = false;
    this.#become("open", now + QUIET_MS);
    for (const room of this.#rooms.values()) this.#sendJoin(room);
  }

  #answered(answer: Answer, now: number): void {
    const id = answer.request_id;
    if (id === this.#pingId) {
      this.#pingId = null;
      this.#wakeAt = now + QUIET_MS;
      return;
    }
    const room = [...this.#rooms.values()].find((one) => one.joinId === id);
    const pending = this.#pending.get(id);
    if (room) this.#joined(room, answer, now);
    else if (pending) {
      if (answer.ok) this.#done(pending.request);
      this.#answer(id, answer);
    }
  }

  /** A vote is told to nobody else, but to all parts of the page. */
  #done({ type, channel, poll_id, choice_id }: Request): void {
    const room = this.#rooms.get(channel);
    if (room && type === "vote") this.#tell(room, { type: "voted", pollId: String(poll_id), choiceId: String(choice_id) });
  }

  #joined(room: Room, answer: Answer, now: number): void {
    room.joinId = null;
    if (!answer.ok || !answer.channel || !answer.settings) {
      const { code, message } = answer.drop_reason ?? { code: "", message: "" };
      if (code === UNAVAILABLE) {
        room.retryAt = now + waitBeforeTry(room.tries, this.#chance());
        room.tries += 1;
      }
      this.#tell(room, { type: "refused", code, message });
      return;
    }
    room.tries = 0;
    const asked = room.place;
    const isRecovered = asked !== null && answer.recovered === true;
    const hasGap = asked !== null && !isRecovered;
    // The last messages follow. When they are fewer than were asked for, they are all that there are; so is none at all of
    // another log: a server that keeps it in memory was started again.
    const lines = answer.history ?? 0;
    if (hasGap) room.isInDoubt = lines >= HISTORY || (lines === 0 && room.hasLines && answer.epoch === asked.epoch);
    // What was missed follows, and each of it moves the place: taken from the answer, a loss in between would hide it.
    if (!isRecovered) room.place = { epoch: answer.epoch ?? "", offset: answer.offset ?? 0 };
    room.isJoined = true;
    room.channelId = answer.channel.id;
    this.#byId.set(answer.channel.id, room);
    this.#tell(room, {
      type: "joined",
      channel: answer.channel,
      settings: answer.settings,
      you: answer.you ?? null,
      stage: answer.stage ?? EMPTY_STAGE,
      hasGap,
    });
    for (const [id, pending] of this.#pending) {
      if (pending.request.channel === room.login && !pending.wasSent) this.#sendPending(id, pending);
    }
  }

  #told(told: Told): void {
    const room = this.#byId.get(told.channelId);
    if (!room) return;
    const { epoch, offset } = told.place;
    // The last messages of before, told to who comes first, lead nowhere back.
    if (room.place?.epoch !== epoch || offset > room.place.offset) room.place = told.place;
    const id = identity(told);
    const isNew = id === null || this.#seen.add(`${told.channelId} ${id}`);
    let isAfterGap = false;
    if (isLine(told)) {
      // The first of the last messages was seen before: what was missed follows it.
      isAfterGap = room.isInDoubt && isNew;
      room.isInDoubt = false;
      room.hasLines = true;
    }
    if (isNew) this.#tell(room, { type: "told", told, isAfterGap });
  }

  #probe(now: number): void {
    if (this.#pingId !== null) {
      this.#drop(now);
      return;
    }
    this.#pingId = this.#nextId();
    this.#wakeAt = now + ANSWER_MS;
    this.#send({ type: "ping", id: this.#pingId });
  }

  /** Nothing is heard from the other side: do not wait for it to close. */
  #drop(now: number): void {
    this.#effects.push({ type: "close" });
    this.closed(1006, now);
  }

  #open(now: number): void {
    if (this.#rooms.size === 0) {
      this.#become("idle", null);
    } else if (!this.#isOnline) {
      this.#become("offline", null);
    } else {
      this.#become("connecting", now + WELCOME_MS);
      this.#effects.push({ type: "open" });
    }
  }

  #rest(): void {
    if (this.#status === "open" || this.#status === "connecting") this.#effects.push({ type: "close" });
    this.#lose();
    this.#become("idle", null);
  }

  #lose(): void {
    this.#pingId = null;
    for (const room of this.#rooms.values()) {
      room.isJoined = false;
      room.joinId = null;
      room.retryAt = null;
    }
    for (const [id, pending] of this.#pending) {
      if (isMessage(pending.request)) pending.wasSent = false;
      else this.#answer(id, { lost: true });
    }
  }

  #giveUpOld(now: number): void {
    for (const [id, pending] of this.#pending) {
      if (now >= pending.askedAt + allowance(pending)) this.#answer(id, { lost: true });
    }
  }

  #sendJoin(room: Room): void {
    room.retryAt = null;
    room.joinId = this.#nextId();
    const since = room.place ? { since: room.place } : {};
    this.#send({ type: "join", id: room.joinId, channel: room.login, history: HISTORY, ...since });
  }

  #sendPending(id: string, pending: Pending): void {
    pending.wasSent = true;
    this.#send({ ...pending.request, id });
  }

  #send(request: Readonly<Record<string, unknown>>): void {
    this.#effects.push({ type: "send", text: JSON.stringify(request) });
  }

  #answer(id: string, outcome: Outcome): void {
    this.#pending.delete(id);
    this.#effects.push({ type: "answered", id, outcome });
  }

  #tell(room: Room, fact: RoomFact): void {
    this.#effects.push({ type: "room", login: room.login, fact });
  }

  #become(status: Status, wakeAt: number | null): void {
    this.#wakeAt = wakeAt;
    if (status === this.#status) return;
    this.#status = status;
    this.#effects.push({ type: "status", status });
  }

  #nextId(): string {
    this.#numbers += 1;
    return String(this.#numbers);
  }
}

function isMessage(request: Request): boolean {
  return request.type === "send";
}

function allowance(pending: Pending): number {
  return isMessage(pending.request) ? RESEND_MS : ANSWER_MS;
}
