import { describe, expect, it } from "vitest";

import { Presence, type Heard, type Sign } from "./presence";

interface Sent extends Sign {
  readonly at: number;
  readonly stream: string;
}

/** A page whose seconds pass when the test says so. */
class Page {
  readonly sent: Sent[] = [];
  readonly counts: number[] = [];
  answer: Heard | null = { viewer_count: 7, interval_s: 15 };
  now = 0;
  readonly presence = new Presence({
    send: (stream, sign) => {
      this.sent.push({ ...sign, stream, at: this.now });
      return Promise.resolve(this.answer);
    },
    onCount: (viewers) => this.counts.push(viewers),
    now: () => this.now,
    id: "an-id-of-the-page",
  });

  async watch(streamId: string | null, seconds: number): Promise<void> {
    for (const end = this.now + seconds; this.now < end; this.now += 1) {
      this.presence.look(streamId);
      await Promise.resolve();
      await Promise.resolve();
    }
  }

  times(): number[] {
    return this.sent.map(({ at }) => at);
  }
}

describe("a page that plays", () => {
  it("says so at once and every 15 s, and hears how many watch", async () => {
    const page = new Page();
    await page.watch("a", 40);
    expect(page.times()).toEqual([0, 15, 30]);
    expect(page.sent[0]).toMatchObject({ stream: "a", id: "an-id-of-the-page", leaving: false });
    expect(page.counts).toEqual([7, 7, 7]);
  });

  it("says it as often as the server wants, but no more than once a second", async () => {
    const page = new Page();
    page.answer = { viewer_count: 1, interval_s: 3 };
    await page.watch("a", 7);
    expect(page.times()).toEqual([0, 3, 6]);
    page.answer = { viewer_count: 1, interval_s: 0 };
    await page.watch("a", 4);
    expect(page.times().slice(3)).toEqual([9, 10]);
  });

  it("says nothing during a pause, and again at once after a long one", async () => {
    const page = new Page();
    await page.watch("a", 3);
    await page.watch(null, 60);
    await page.watch("a", 1);
    expect(page.times()).toEqual([0, 63]);
  });

  it("does not say more because somebody pauses again and again", async () => {
    const page = new Page();
    for (let times = 0; times < 10; times += 1) {
      await page.watch("a", 1);
      await page.watch(null, 1);
    }
    expect(page.times()).toEqual([0, 16]);
  });

  it("tries again after five seconds when nobody hears it", async () => {
    const page = new Page();
    page.answer = null;
    await page.watch("a", 6);
    page.answer = { viewer_count: 2, interval_s: 15 };
    await page.watch("a", 8);
    expect(page.times()).toEqual([0, 5, 10]);
    expect(page.counts).toEqual([2]);
  });

  it("says good-bye once, and is back at once when the page is shown again", async () => {
    const page = new Page();
    await page.watch("a", 2);
    page.presence.leave();
    page.presence.leave();
    expect(page.sent.map(({ leaving }) => leaving)).toEqual([false, true]);
    await page.watch("a", 1);
    expect(page.sent.at(-1)).toMatchObject({ at: 2, leaving: false });
  });

  it("leaves the broadcast before when another one begins", async () => {
    const page = new Page();
    await page.watch("a", 2);
    await page.watch("b", 1);
    expect(page.sent.map(({ stream, leaving }) => [stream, leaving])).toEqual([
      ["a", false],
      ["a", true],
      ["b", false],
    ]);
  });

  it("does not show an answer that comes after the good-bye", async () => {
    const page = new Page();
    page.presence.look("a");
    page.presence.leave();
    await Promise.resolve();
    await Promise.resolve();
    expect(page.counts).toEqual([]);
  });

  it("has an id that nobody can guess", () => {
    const ids = new Set<string>();
    for (let pages = 0; pages < 20; pages += 1) {
      const send = (_stream: string, { id }: Sign): Promise<null> => {
        ids.add(id);
        return Promise.resolve(null);
      };
      new Presence({ send, onCount: () => undefined, now: () => 0 }).look("a");
    }
    expect(ids.size).toBe(20);
    expect([...ids].every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
  });
});
