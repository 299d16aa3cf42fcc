// What public/sw.js does, with a browser that only notes it.

import { describe, expect, it } from "vitest";

import source from "../../public/sw.js?raw";

interface Shown {
  title: string;
  options: { body: string; tag: string; data: { url: string } };
}

interface FakePage {
  url: string;
  told: unknown[];
  focused: number;
  postMessage(message: unknown): void;
  focus(): Promise<void>;
}

function page(url: string): FakePage {
  return {
    url,
    told: [],
    focused: 0,
    postMessage(message) {
      this.told.push(message);
    },
    focus() {
      this.focused += 1;
      return Promise.resolve();
    },
  };
}

class Worker {
  shown: Shown[] = [];
  opened: string[] = [];
  readonly #heard = new Map<string, (event: object) => void>();

  constructor(pages: FakePage[] = []) {
    const self = {
      location: { origin: "https://live.example" },
      addEventListener: (type: string, listener: (event: object) => void) => this.#heard.set(type, listener),
      registration: {
        showNotification: (title: string, options: Shown["options"]) => {
          this.shown.push({ title, options });
          return Promise.resolve();
        },
      },
      clients: {
        matchAll: () => Promise.resolve(pages),
        openWindow: (url: string) => {
          this.opened.push(url);
          return Promise.resolve();
        },
      },
    };
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- our own file
    new Function("self", source)(self);
  }

  async happen(type: string, event: object): Promise<void> {
    const waited: Promise<unknown>[] = [];
    this.#heard.get(type)?.({ ...event, waitUntil: (promise: Promise<unknown>) => waited.push(promise) });
    await Promise.all(waited);
  }

  push(text: string): Promise<void> {
    return this.happen("push", { data: { json: () => JSON.parse(text) as unknown } });
  }

  async click(url: unknown): Promise<boolean> {
    let closed = false;
    await this.happen("notificationclick", { notification: { data: { url }, close: () => (closed = true) } });
    return closed;
  }
}

const LIVE = { id: "4711", type: "stream.online", title: "Anna is live", body: "chess", url: "/anna", tag: "weir-4711" };

describe("the service worker", () => {
  it("shows a message under its tag, so that a repeat takes the place of the first", async () => {
    const worker = new Worker();
    await worker.push(JSON.stringify(LIVE));
    expect(worker.shown).toHaveLength(1);
    expect(worker.shown[0]).toMatchObject({ title: "Anna is live", options: { body: "chess", tag: "weir-4711", data: { url: "/anna" } } });
  });

  it.each(["no JSON", "null", "[]", "7", '{"title": 7}'])("shows something for %j, too, as browsers demand", async (text) => {
    const worker = new Worker();
    await worker.push(text);
    expect(worker.shown[0]).toMatchObject({ title: "weir", options: { body: "", data: { url: "/" } } });
  });

  it("tells open pages to look at their list", async () => {
    const there = page("https://live.example/berta");
    await new Worker([there]).push(JSON.stringify(LIVE));
    expect(there.told).toEqual([{ type: "weir-notice" }]);
  });

  it("opens the channel when it is clicked", async () => {
    const other = page("https://live.example/berta");
    const worker = new Worker([other]);
    expect(await worker.click("/anna")).toBe(true);
    expect(worker.opened).toEqual(["/anna"]);
    expect(other.focused).toBe(0);
  });

  it("goes to a page that shows the channel already", async () => {
    const there = page("https://live.example/anna");
    const worker = new Worker([there]);
    await worker.click("/anna");
    expect(there.focused).toBe(1);
    expect(worker.opened).toEqual([]);
  });

  it.each(["https://evil.example/", "//evil.example", "/.//evil.example", "javascript:alert(1)", undefined, 7])("opens no other site: %j", async (url) => {
    const worker = new Worker();
    await worker.click(url);
    expect(worker.opened).toHaveLength(1);
    expect(worker.opened[0]).toMatch(/^\/(?!\/)/);
  });
});
