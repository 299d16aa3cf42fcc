import { describe, expect, it } from "vitest";

import { presetOf, presetSent, type ShieldPreset } from "./preset";

describe("what a shield sets", () => {
  it("goes back as it came, with what the form does not know", () => {
    const presets: ShieldPreset[] = [
      { follower_mode: true, follower_mode_duration: 10, slow_mode: true, slow_mode_wait_time: 10, verified_email_mode: true, links_from: "moderators" },
      { automod_caps: "high", emote_mode: true, account_age_minimum: 60, non_moderator_chat_delay: true, non_moderator_chat_delay_duration: 4 },
      {},
    ];
    for (const preset of presets) expect(presetSent(presetOf(preset))).toEqual(preset);
  });

  it("leaves out what would be switched off, for a shield makes nothing laxer", () => {
    expect(presetSent(presetOf({ slow_mode: false, links_from: "everyone", account_age_minimum: 0 }))).toEqual({});
  });
});
