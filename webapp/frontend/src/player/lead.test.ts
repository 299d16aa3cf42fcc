import { describe, expect, it } from "vitest";

import { DateLead } from "./lead";

describe("dates that are ahead of the clock", () => {
  it("count by the most that they were ahead lately", () => {
    const lead = new DateLead();
    expect(lead.value(0)).toBe(0);
    lead.note(0, 0.4);
    lead.note(1, 0.1);
    expect(lead.value(1)).toBe(0.4);
    expect(lead.value(30.5)).toBe(0.1);
    expect(lead.value(31.5)).toBe(0);
  });

  it("are none where media comes later than its date, as it does on every network", () => {
    const lead = new DateLead();
    lead.note(0, -0.05);
    expect(lead.value(0)).toBe(0);
  });

  it("are forgotten with the source", () => {
    const lead = new DateLead();
    lead.note(0, 3);
    lead.reset();
    expect(lead.value(0)).toBe(0);
  });

  it("keep no more than the window needs", () => {
    const lead = new DateLead();
    for (let now = 0; now < 1000; now += 0.3) {
      lead.note(now, 0.2 + Math.sin(now));
    }
    expect(lead.value(1000)).toBeCloseTo(1.2, 1);
  });
});
