/**
 * The one WebSocket of the page, around `ChatCore`: it opens, closes and sends what the core decides, and keeps its clock.
 *
 * Rooms are counted: whoever reads one joins it and leaves it again, and the socket is closed a little after the last has left
 * (a page that follows may want the same room).
 */

import { site } from "../app/session";
import { ChatCore, type Effect, type Outcome, type Request, type RoomFact, type Status } from "./core";
import { readFrame } from "./frames";
import { Tail } from "./tail";

const LINGER_MS = 2_000;

type Hear = (fact: RoomFact) => void;

/** What the core is told by and acts on; a browser's, or a test's. */
export interface Surroundings {
  readonly now: () => number;
  readonly chance: () => number;
  readonly socket: () => Promise<WebSocket>;
}

export class ChatConnection {
  readonly #core: ChatCore;
  readonly #here: Surroundings;
  readonly #rooms = new Map<string, Set<Hear>>();
  /** Of each room, for readers that come later. */
  readonly #tails = new Map<string, Tail>();
  readonly #answers = new Map<string, (outcome: Outcome) => void>();
  readonly #watchers = new Set<() => void>();
  readonly #leaving = new Map<string, ReturnType<typeof setTimeout>>();
  #socket: WebSocket | null = null;
  /** Counts sockets, so that one that is opened late or dies late is not taken for its successor. */
  #generation = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #isRunning = false;

  constructor(here: Surroundings) {
    this.#here = here;
    this.#core = new ChatCore(here.chance);
  }

  get status(): Status {
    return this.#core.status;
  }

  /** For `useSyncExternalStore`: be told that `status` has changed. */
  watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /**
   * Read a room until the function that is given back is called. `whole`: where others of the page read it already, begin with
   * what they were told, because the server tells the last messages once.
   */
  read(login: string, hear: Hear, { whole = false } = {}): () => void {
    const linger = this.#leaving.get(login);
    if (linger !== undefined) {
      clearTimeout(linger);
      this.#leaving.delete(login);
    }
    const readers = this.#rooms.get(login) ?? new Set();
    this.#rooms.set(login, readers);
    readers.add(hear);
    for (const fact of this.#tail(login).facts(whole)) hear(fact);
    this.#core.join(login, this.#here.now());
    this.#run();
    return () => {
      readers.delete(hear);
      if (readers.size === 0) this.#leaveSoon(login);
    };
  }

  /** Ask for something in a room that is read. Never raises; what was lost says so. */
  async ask(request: Request): Promise<Outcome> {
    return await new Promise((resolve) => {
      this.#answers.set(this.#core.ask(request, this.#here.now()), resolve);
      this.#run();
    });
  }

  /** The machine went on- or offline. */
  setOnline(isOnline: boolean): void {
    if (isOnline) this.#core.online(this.#here.now());
    else this.#core.offline();
    this.#run();
  }

  /** Look whether anything is due: timers sleep while a page is hidden. */
  look(): void {
    this.#core.tick(this.#here.now());
    this.#run();
  }

  /** Try now, without waiting for the next turn. */
  retry(): void {
    this.#core.retry(this.#here.now());
    this.#run();
  }

  /** Say who is logged in; `null`: nobody. */
  identify(userId: string | null): void {
    this.#core.identify(userId, this.#here.now());
    this.#run();
  }

  #leaveSoon(login: string): void {
    const timer = setTimeout(() => {
      this.#leaving.delete(login);
      this.#rooms.delete(login);
      this.#tails.delete(login);
      this.#core.leave(login);
      this.#run();
    }, LINGER_MS);
    this.#leaving.set(login, timer);
  }

  /** Do what the core wants until it wants nothing; what is told meanwhile may make it want more. */
  #run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      for (let effects = this.#core.take(); effects.length > 0; effects = this.#core.take()) {
        for (const effect of effects) this.#do(effect);
      }
    } finally {
      this.#isRunning = false;
    }
    this.#setTimer();
  }

  #do(effect: Effect): void {
    switch (effect.type) {
      case "open":
        void this.#open();
        break;
      case "close":
        this.#close();
        break;
      case "send":
        if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(effect.text);
        break;
      case "room":
        this.#tail(effect.login).hear(effect.fact);
        for (const hear of this.#rooms.get(effect.login) ?? []) hear(effect.fact);
        break;
      case "answered":
        this.#answers.get(effect.id)?.(effect.outcome);
        this.#answers.delete(effect.id);
        break;
      case "status":
        for (const watcher of this.#watchers) watcher();
        break;
    }
  }

  #tail(login: string): Tail {
    const tail = this.#tails.get(login) ?? new Tail();
    this.#tails.set(login, tail);
    return tail;
  }

  #close(): void {
    this.#generation += 1;
    this.#socket?.close();
    this.#socket = null;
  }

  async #open(): Promise<void> {
    this.#close();
    const generation = this.#generation;
    const isOurs = (): boolean => generation === this.#generation;
    let socket: WebSocket;
    try {
      socket = await this.#here.socket();
    } catch {
      if (isOurs()) this.#closed(1006);
      return;
    }
    if (!isOurs()) {
      socket.close();
      return;
    }
    this.#socket = socket;
    socket.onopen = () => {
      if (!isOurs()) return;
      this.#core.opened(this.#here.now());
      this.#run();
    };
    socket.onmessage = (message: MessageEvent<unknown>) => {
      const frame = isOurs() && typeof message.data === "string" ? readFrame(message.data) : null;
      if (!frame) return;
      this.#core.received(frame, this.#here.now());
      this.#run();
    };
    socket.onclose = ({ code }) => {
      if (isOurs()) this.#closed(code);
    };
  }

  #closed(code: number): void {
    this.#socket = null;
    this.#core.closed(code, this.#here.now());
    this.#run();
  }

  #setTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const at = this.#core.wakeAt;
    if (at === null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.look();
    }, Math.max(0, at - this.#here.now()));
  }
}

let shared: ChatConnection | null = null;

/** The connection of this page. */
export function chatConnection(): ChatConnection {
  shared ??= connectionOfPage();
  return shared;
}

function connectionOfPage(): ChatConnection {
  const connection = new ChatConnection({
    now: () => performance.now(),
    chance: Math.random,
    socket: async () => new WebSocket(await chatUrl()),
  });
  window.addEventListener("online", () => {
    connection.setOnline(true);
  });
  window.addEventListener("offline", () => {
    connection.setOnline(false);
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) connection.look();
  });
  return connection;
}

async function chatUrl(): Promise<string> {
  const { urls } = await site();
  const url = urls.chat;
  if (url === undefined) throw new Error("this site has no chat");
  return `${url}/ws`;
}
