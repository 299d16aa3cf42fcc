import { expect, it } from "vitest";

import { ServerClock } from "./clock";

it("is learnt from the quickest answer, and differences below the round trip are none", () => {
  const clock = new ServerClock();
  clock.learn(1000, 1100, 1060);
  expect(clock.offsetMs).toBe(0);
  clock.learn(2000, 2020, 4010);
  expect(clock.offsetMs).toBe(2000);
  clock.learn(3000, 3500, 3250);
  expect(clock.offsetMs).toBe(2000);
  clock.learn(3000, 3001, NaN);
  expect(clock.offsetMs).toBe(2000);
});
