import { expect, it } from "vitest";

import { HoldQueue, MOST_HOLDS, SHOWN_SETTLED_MS, type HeldMessage } from "./queue";

function held(id: string): HeldMessage {
  return {
    message_id: id,
    user_id: "7",
    user_login: "ben",
    user_name: "Ben",
    message: `text of ${id}`,
    held_for: "automod",
    category: "caps",
    held_at: "2026-11-23T06:00:00Z",
    expires_at: "2026-11-23T06:05:00Z",
  };
}

function states(queue: HoldQueue): readonly string[] {
  return queue.entries().map(({ hold, status, by }) => `${hold.message_id} ${status}${by === null ? "" : ` ${by}`}`);
}

it("shows each message once, whoever tells of it first", () => {
  const queue = new HoldQueue();
  queue.held(held("a"));
  queue.list([held("a"), held("b")], 0);
  queue.held(held("b"));
  expect(states(queue)).toEqual(["a waiting", "b waiting"]);
  expect(queue.waiting).toBe(2);
});

it("leaves what somebody decided where it was for a while, with who it was", () => {
  const queue = new HoldQueue();
  queue.list([held("a"), held("b")], 0);
  queue.settled("a", "allowed", "anna", 1_000);
  expect(states(queue)).toEqual(["a allowed anna", "b waiting"]);
  expect(queue.waiting).toBe(1);
  expect(queue.sweep(1_000 + SHOWN_SETTLED_MS - 1)).toBe(false);
  expect(queue.sweep(1_000 + SHOWN_SETTLED_MS)).toBe(true);
  expect(states(queue)).toEqual(["b waiting"]);
});

it("keeps the first decision", () => {
  const queue = new HoldQueue();
  queue.held(held("a"));
  queue.settled("a", "denied", "anna", 0);
  queue.settled("a", "allowed", "carl", 0);
  expect(states(queue)).toEqual(["a denied anna"]);
});

it("knows what waits no longer after it was away, and learns who decided later", () => {
  const queue = new HoldQueue();
  queue.list([held("a"), held("b")], 0);
  queue.list([held("b")], 5);
  expect(states(queue)).toEqual(["a gone", "b waiting"]);
  queue.settled("a", "expired", null, 6);
  expect(states(queue)).toEqual(["a expired", "b waiting"]);
});

it("does not show what was decided about before the list came", () => {
  const queue = new HoldQueue();
  queue.settled("a", "allowed", "anna", 0);
  queue.list([held("a")], 1);
  expect(states(queue)).toEqual([]);
});

it("takes an outcome that it does not know as settled", () => {
  const queue = new HoldQueue();
  queue.held(held("a"));
  queue.settled("a", "vanished", null, 0);
  expect(states(queue)).toEqual(["a gone"]);
});

it("is bounded, and drops what is settled first", () => {
  const queue = new HoldQueue();
  for (let number = 0; number < MOST_HOLDS; number += 1) queue.held(held(String(number)));
  queue.settled("5", "denied", null, 0);
  queue.held(held("one more"));
  expect(queue.entries()).toHaveLength(MOST_HOLDS);
  expect(queue.get("5")).toBeUndefined();
  queue.held(held("and another"));
  expect(queue.get("0")).toBeUndefined();
});
