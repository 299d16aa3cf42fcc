import { describe, expect, it } from "vitest";

import type { Channel } from "../api/types";
import { patched } from "./patches";

const OFFLINE: Channel = {
  broadcaster_id: "7",
  broadcaster_login: "anna",
  broadcaster_name: "Anna",
  broadcaster_language: "",
  game_id: "",
  game_name: "",
  title: "Old",
  tags: [],
  content_classification_labels: [],
  is_mature: false,
  panels: [],
  offline_image_url: "",
  visibility: "public",
  follower_count: 0,
  is_live: false,
  stream_id: null,
  started_at: null,
};
const STARTED = "2026-11-22T10:00:00Z";

describe("what the room tells of a channel", () => {
  it("is that it went live", () => {
    const live = patched(OFFLINE, { kind: "online", id: "s1", title: "New", startedAt: STARTED });
    expect(live).toMatchObject({ is_live: true, stream_id: "s1", title: "New", started_at: STARTED });
  });

  it("is that its broadcast ended, and not that of before", () => {
    const live = patched(OFFLINE, { kind: "online", id: "s2", title: "", startedAt: "" });
    expect(live.title).toBe("Old");
    expect(patched(live, { kind: "offline", streamId: "s1" })).toBe(live);
    expect(patched(live, { kind: "offline", streamId: "s2" })).toMatchObject({ is_live: false, stream_id: null });
  });

  it("is another title and category, and nothing about whether it is live", () => {
    const fact = { kind: "update", title: "T", language: "de", categoryId: "9", categoryName: "Chess" } as const;
    expect(patched(OFFLINE, fact)).toEqual({
      ...OFFLINE,
      title: "T",
      broadcaster_language: "de",
      game_id: "9",
      game_name: "Chess",
    });
  });
});
