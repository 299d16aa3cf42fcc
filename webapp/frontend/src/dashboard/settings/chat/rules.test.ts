import { describe, expect, it } from "vitest";

import type { ChatSettings } from "../../../api/types";
import { automodOf, rulesChange, rulesOf, spansWith, spanText } from "./rules";

const SETTINGS: ChatSettings = {
  broadcaster_id: "7",
  emote_mode: false,
  follower_mode: false,
  follower_mode_duration: null,
  slow_mode: true,
  slow_mode_wait_time: 20,
  subscriber_mode: false,
  unique_chat_mode: false,
  subscriber_slow_mode_wait_time: null,
  verified_email_mode: false,
  account_age_minimum: 0,
  verification_spares: "vips",
  links_from: "everyone",
  non_moderator_chat_delay: false,
  non_moderator_chat_delay_duration: null,
  crowd_slow_rate: 0,
  sampling_rate: 0,
};

describe("rules of a chat", () => {
  const before = rulesOf(SETTINGS);

  it("have a duration also while what it is for is off", () => {
    expect(before.follower_mode_duration).toBe(10);
    expect(before.slow_mode_wait_time).toBe(20);
  });

  it("are sent with the duration of a mode that is switched on, which nobody knew before", () => {
    const changes = { follower_mode: true, follower_mode_duration: 30 };
    const sent = rulesChange(changes, { follower_mode: false, follower_mode_duration: 10 }, { ...before, ...changes });
    expect(sent).toEqual({ follower_mode: true, follower_mode_duration: 30, was: { follower_mode: false } });
    const only = rulesChange({ follower_mode: true }, { follower_mode: false }, { ...before, follower_mode: true });
    expect(only).toEqual({ follower_mode: true, follower_mode_duration: 10, was: { follower_mode: false } });
  });

  it("are sent without the duration of a mode that is off, or is switched off", () => {
    expect(rulesChange({ follower_mode_duration: 60 }, { follower_mode_duration: 10 }, { ...before, follower_mode_duration: 60 })).toEqual({ was: {} });
    const off = rulesChange({ slow_mode: false, slow_mode_wait_time: 5 }, { slow_mode: true, slow_mode_wait_time: 20 }, { ...before, slow_mode: false, slow_mode_wait_time: 5 });
    expect(off).toEqual({ slow_mode: false, was: { slow_mode: true, slow_mode_wait_time: 20 } });
  });

  it("are nobody's who is not told all of them", () => {
    const { sampling_rate, ...public_ } = SETTINGS;
    expect(sampling_rate).toBe(0);
    expect(() => rulesOf(public_)).toThrow("Log in first.");
    expect(() => automodOf(SETTINGS)).toThrow("Log in first.");
  });

  it("read spans as people do, and offer the one that is set", () => {
    expect(spanText(90, "en")).toBe("90 minutes");
    expect(spanText(360, "en")).toBe("6 hours");
    expect(spanText(60, "de")).toBe("1 Stunde");
    expect(spansWith(17)).toContain(17);
    expect(spansWith(10).filter((span) => span === 10)).toHaveLength(1);
  });
});
