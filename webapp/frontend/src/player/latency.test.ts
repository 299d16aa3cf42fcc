// One controller, so one file: whatever it does depends on the same few numbers.
import { describe, expect, it } from "vitest";

import { LatencyController, rangeAt, type Action, type PlaybackState, type TimeRange } from "./latency";

const PART = 1 / 3;
const STEP = 0.05;

/** A live stream and a media element that plays it: parts of `PART` seconds become readable `delay(part)` after their end. */
class Simulation {
  now = 100; // wall clock; media time m was captured at wall clock m
  position: number;
  rate = 1;
  paused = false;
  hidden = false;
  away = false;
  resumesAt: number | null = null;
  stalls = 0;
  seeks: number[] = [];
  buffered: TimeRange[];
  #nextPart: number;
  #ready = -Infinity;
  #stalled = false;

  readonly controller: LatencyController;
  readonly delay: (part: number) => number;

  constructor(controller: LatencyController, delay: (part: number) => number = () => 0.05, behind = 2) {
    this.controller = controller;
    this.delay = delay;
    this.#nextPart = Math.floor(this.now / PART);
    this.position = this.now - behind;
    this.buffered = [{ start: this.position - 2, end: this.#nextPart * PART }];
  }

  get latency(): number {
    return this.now - this.position;
  }

  get state(): PlaybackState {
    const liveSync = this.now - 1.1;
    const { position, buffered, paused, hidden, away, resumesAt } = this;
    return { position, buffered, paused, seeking: false, hidden, away, resumesAt, liveSync };
  }

  run(seconds: number): this {
    const until = this.now + seconds;
    while (this.now < until) {
      this.#step();
    }
    return this;
  }

  #step(): void {
    this.now += STEP;
    this.#play();
    this.#load();
    this.apply(this.controller.sample(this.now, this.state));
  }

  apply(action: Action): void {
    this.rate = action.rate;
    if (action.seekTo !== null) {
      this.position = action.seekTo;
      this.seeks.push(action.seekTo);
    }
  }

  #play(): void {
    const range = rangeAt(this.buffered, this.position);
    const end = range?.end ?? this.position;
    if (this.paused) {
      return;
    }
    const wanted = this.position + STEP * this.rate;
    if (wanted > end && !this.#stalled) {
      this.stalls += 1;
      this.controller.stalled(this.now);
    }
    this.#stalled = wanted > end;
    this.position = Math.max(this.position, Math.min(wanted, end));
  }

  #load(): void {
    for (let index = 0; index < 1000; index += 1) {
      // Parts arrive in order: a late one holds the later ones up.
      this.#ready = Math.max(this.#ready, (this.#nextPart + 1) * PART + this.delay(this.#nextPart));
      const last = this.buffered.at(-1);
      if (this.#ready > this.now || last === undefined) {
        return;
      }
      this.#nextPart += 1;
      this.buffered = [...this.buffered.slice(0, -1), { start: last.start, end: this.#nextPart * PART }];
    }
  }
}

function started(delay?: (part: number) => number, behind?: number): Simulation {
  const simulation = new Simulation(new LatencyController(), delay, behind);
  simulation.controller.started(simulation.now);
  return simulation;
}

describe("on a quiet network", () => {
  it("settles with one seek 1.5 s after playing and then holds the margin", () => {
    const simulation = started();
    simulation.run(1.4);
    expect(simulation.seeks).toEqual([]);
    simulation.run(1);
    expect(simulation.seeks).toHaveLength(1);
    simulation.run(60);
    expect(simulation.stalls).toBe(0);
    expect(simulation.seeks).toHaveLength(1);
    // one part + its delay + margin, and the steps of this simulation
    expect(simulation.latency).toBeGreaterThan(PART * 0.1 + 0.05 + 0.2);
    expect(simulation.latency).toBeLessThan(PART + 0.05 + 0.2 + 2 * STEP);
    expect(simulation.rate).toBeCloseTo(1, 2);
  });

  it("does not hold it against the network that the loader was behind at first", () => {
    const simulation = started((part) => (part < 301 ? 0.5 : 0.02), 2.5);
    simulation.run(2.6);
    expect(simulation.seeks).toHaveLength(1);
    expect(simulation.latency).toBeLessThan(0.8);
  });

  it("removes a small excess by the playback rate alone", () => {
    const simulation = started(undefined, 0.68);
    simulation.run(10);
    expect(simulation.seeks).toEqual([]);
    expect(simulation.controller.view.margin).toBeCloseTo(0.2, 1);
  });

  it("never leaves the permitted rates", () => {
    const simulation = started((part) => (part % 7 === 0 ? 0.4 : 0));
    const rates = new Set<number>();
    for (let second = 0; second < 60; second += STEP) {
      simulation.run(STEP);
      rates.add(simulation.rate);
    }
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(0.94);
    expect(Math.max(...rates)).toBeLessThanOrEqual(1.1);
  });

  it("follows an encoder whose clock is a hundredth slow", () => {
    const simulation = started();
    simulation.run(5);
    const stalls = simulation.stalls;
    for (let second = 0; second < 60; second += STEP) {
      simulation.position += STEP * 0.01;
      simulation.run(STEP);
    }
    expect(simulation.stalls).toBe(stalls);
    expect(simulation.controller.view.margin).toBeCloseTo(0.2, 1);
  });
});

describe("on an uneven network", () => {
  it("keeps more in hand where parts come late now and then, and gives it back slowly", () => {
    let late = true;
    const simulation = started((part) => (late && part % 20 === 0 ? 0.35 : 0.02));
    simulation.run(30);
    const stalls = simulation.stalls;
    expect(simulation.controller.view.target).toBeGreaterThan(0.35);
    simulation.run(60);
    expect(simulation.stalls).toBe(stalls);
    late = false;
    simulation.run(120);
    expect(simulation.controller.view.target).toBeCloseTo(0.2, 1);
    expect(simulation.stalls).toBe(stalls);
  });

  it("keeps a tenth more after a stall and forgets that within minutes", () => {
    const controller = new LatencyController();
    controller.sample(0, new Simulation(controller).state);
    controller.stalled(0);
    expect(controller.view.target).toBeCloseTo(0.3);
    for (let now = 0; now < 240; now += 1) {
      controller.sample(now, new Simulation(controller).state);
    }
    expect(controller.view.target).toBeLessThan(0.21);
    expect(controller.view.stalls).toBe(1);
  });

  it("never aims at more than the largest margin", () => {
    const controller = new LatencyController({ baseMargin: 1.2 });
    for (let count = 0; count < 20; count += 1) {
      controller.stalled(0);
    }
    expect(controller.view.target).toBe(1.5);
  });

  it("does not take an outage for jitter, and is back at the edge soon after", () => {
    const simulation = started((part) => (part === 330 ? 3 : 0.02));
    simulation.run(9);
    simulation.run(15);
    expect(simulation.controller.view.jitter).toBeLessThan(0.1);
    expect(simulation.latency).toBeLessThan(1);
  });
});

describe("an outage of the network", () => {
  it("is behind a second and a half after it ended, with one seek, and not played slower meanwhile", () => {
    const simulation = started((part) => (part === 330 ? 3 : 0.02));
    simulation.run(13.4);
    expect(simulation.latency).toBeGreaterThan(3);
    const seeks = simulation.seeks.length;
    simulation.run(0.9);
    expect(simulation.rate).toBe(1);
    simulation.run(0.7);
    expect(simulation.seeks).toHaveLength(seeks + 1);
    expect(simulation.latency).toBeLessThan(1);
  });
});

describe("an encoder that goes away", () => {
  it("is followed over its gap once all before it was played, and only once", () => {
    const simulation = started((part) => (part >= 330 ? 1000 : 0.02));
    simulation.run(11);
    simulation.away = true;
    simulation.run(3);
    const seeks = simulation.seeks.length;
    simulation.away = false;
    simulation.resumesAt = simulation.now - 0.2;
    simulation.run(STEP * 2);
    expect(simulation.seeks.slice(seeks)).toEqual([simulation.resumesAt + 0.01]);
    simulation.run(2);
    expect(simulation.seeks).toHaveLength(seeks + 1);
  });

  it("is not followed while there is something left to play", () => {
    const simulation = started();
    simulation.run(10);
    simulation.resumesAt = simulation.now + 3;
    const seeks = simulation.seeks.length;
    simulation.run(2);
    expect(simulation.seeks).toHaveLength(seeks);
  });

  it("costs no margin: neither the stall it caused nor its late last part counts", () => {
    const simulation = started((part) => (part >= 330 ? 1 : 0.02));
    simulation.run(10.8);
    expect(simulation.controller.view.stalls).toBe(1);
    simulation.away = true;
    simulation.run(2);
    expect(simulation.controller.view.stalls).toBe(0);
    expect(simulation.controller.view.target).toBeCloseTo(0.2, 1);
  });

  it("is waited for where playback stopped", () => {
    const simulation = started((part) => (part >= 330 ? 1000 : 0.02));
    simulation.run(11);
    const seeks = simulation.seeks.length;
    simulation.away = true;
    simulation.run(30);
    expect(simulation.seeks).toHaveLength(seeks);
  });
});

describe("what people and browsers do", () => {
  it("catches up after a short pause", () => {
    const simulation = started();
    simulation.run(10);
    simulation.paused = true;
    simulation.run(4);
    expect(simulation.latency).toBeGreaterThan(4);
    simulation.paused = false;
    simulation.run(3);
    expect(simulation.latency).toBeLessThan(0.8);
  });

  it("goes on where it was after a long pause, until somebody asks for live", () => {
    const simulation = started();
    simulation.run(10);
    const seeks = simulation.seeks.length;
    simulation.paused = true;
    simulation.run(20);
    simulation.paused = false;
    simulation.run(20);
    expect(simulation.latency).toBeGreaterThan(20);
    expect(simulation.rate).toBe(1);
    expect(simulation.seeks).toHaveLength(seeks);
    expect(simulation.controller.view.following).toBe(false);
    simulation.controller.followLive();
    simulation.run(3);
    expect(simulation.latency).toBeLessThan(0.8);
  });

  it("never moves while it is paused, not even when live is asked for", () => {
    const simulation = started();
    simulation.run(10);
    const seeks = simulation.seeks.length;
    simulation.paused = true;
    simulation.run(20);
    simulation.controller.followLive();
    simulation.run(4);
    expect(simulation.seeks).toHaveLength(seeks);
  });

  it("jumps to live after a sleep so long that loading had stopped", () => {
    const simulation = started();
    simulation.run(10);
    const frozen = simulation.state;
    const later = { ...frozen, liveSync: (frozen.liveSync ?? 0) + 300 };
    const action = simulation.controller.sample(simulation.now + 300, later);
    expect(action.seekTo).toBe(later.liveSync);
    const again = simulation.controller.sample(simulation.now + 301, later);
    expect(again.seekTo).toBeNull();
  });

  it("leaves a viewer alone who went back, until they ask for live", () => {
    const simulation = started();
    simulation.run(10);
    const target = simulation.position - 8;
    simulation.buffered = [{ start: target - 5, end: simulation.buffered[0]?.end ?? 0 }];
    simulation.controller.sought(target, simulation.state);
    simulation.position = target;
    const seeks = simulation.seeks.length;
    simulation.run(10);
    expect(simulation.controller.view.following).toBe(false);
    expect(simulation.rate).toBe(1);
    expect(simulation.seeks).toHaveLength(seeks);
    simulation.controller.followLive();
    simulation.run(3);
    expect(simulation.latency).toBeLessThan(0.8);
  });

  it("knows from where a viewer went back, though it looks before it hears of that", () => {
    const simulation = started();
    simulation.run(10);
    const target = simulation.position - 20;
    const gone = { ...simulation.state, position: target, seeking: true }; // the element tells of a seek a moment later
    simulation.controller.sample(simulation.now + 0.01, gone);
    simulation.controller.sought(target, gone);
    expect(simulation.controller.view.following).toBe(false);
  });

  it("takes a viewer's jump to the end for live", () => {
    const simulation = started();
    simulation.run(10);
    simulation.controller.sought(simulation.position - 30, simulation.state);
    expect(simulation.controller.view.following).toBe(false);
    simulation.controller.sought(simulation.now - 1, simulation.state);
    expect(simulation.controller.view.following).toBe(true);
  });

  it("plays at normal speed in the background and does not seek there", () => {
    const simulation = started();
    simulation.run(10);
    const seeks = simulation.seeks.length;
    simulation.hidden = true;
    simulation.position -= 1;
    simulation.run(20);
    expect(simulation.rate).toBe(1);
    expect(simulation.seeks).toHaveLength(seeks);
    simulation.hidden = false;
    simulation.run(3);
    expect(simulation.latency).toBeLessThan(0.8);
  });

  it("trusts nothing it saw before a long silence of the timers", () => {
    const simulation = started();
    simulation.run(10);
    const later = { ...simulation.state, position: simulation.position + 40, buffered: [{ start: 0, end: 150 }] };
    const action = simulation.controller.sample(simulation.now + 40, { ...later, liveSync: 149 });
    expect(action).toEqual({ rate: 1, seekTo: null });
    expect(simulation.controller.view.jitter).toBeLessThan(0.1);
  });

  it("does nothing before playback started", () => {
    const simulation = new Simulation(new LatencyController());
    simulation.run(10);
    expect(simulation.seeks).toEqual([]);
    expect(simulation.rate).toBe(1);
  });

  it("survives an empty buffer", () => {
    const controller = new LatencyController();
    controller.started(0);
    const state = new Simulation(controller).state;
    expect(controller.sample(1, { ...state, buffered: [], liveSync: null })).toEqual({ rate: 1, seekTo: null });
    expect(controller.view.margin).toBeNull();
  });
});

describe("holes", () => {
  it("jumps out of a hole into the latest range when nobody else did", () => {
    const controller = new LatencyController();
    controller.started(0);
    const state: PlaybackState = {
      position: 9.99,
      buffered: [
        { start: 0, end: 10 },
        { start: 14, end: 16 },
      ],
      paused: false,
      seeking: false,
      hidden: false,
      away: false,
      resumesAt: null,
      liveSync: null,
    };
    expect(controller.sample(0.1, state).seekTo).toBeNull();
    expect(controller.sample(0.6, state).seekTo).toBeCloseTo(14.01);
  });

  it("finds the range at a position and joins what plays as one", () => {
    const ranges = [
      { start: 0, end: 10 },
      { start: 10.05, end: 12 },
      { start: 14, end: 16 },
    ];
    expect(rangeAt(ranges, 5)).toEqual({ start: 0, end: 12 });
    expect(rangeAt(ranges, 13)).toBeNull();
    expect(rangeAt(ranges, 15)).toEqual({ start: 14, end: 16 });
    expect(rangeAt([], 15)).toBeNull();
  });
});
