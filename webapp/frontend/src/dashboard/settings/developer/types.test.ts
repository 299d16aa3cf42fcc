import { describe, expect, it } from "vitest";

import { addressesOf, hookState, isCallback, isSecret, webhookRequest } from "./types";

describe("webhooks", () => {
  it("are asked for with the condition of their type", () => {
    expect(webhookRequest("stream.online", "7", "9", "https://example.org/", "0123456789").condition).toEqual({ broadcaster_user_id: "7" });
    const follow = webhookRequest("channel.follow", "7", "9", "https://example.org/", "0123456789");
    expect(follow.condition).toEqual({ broadcaster_user_id: "7", moderator_user_id: "9" });
    expect(follow.version).toBe("2");
    expect(webhookRequest("channel.chat.clear", "7", "9", "", "").condition).toEqual({ broadcaster_user_id: "7", user_id: "9" });
    expect(webhookRequest("channel.raid", "7", "9", "", "").condition).toEqual({ to_broadcaster_user_id: "7" });
  });

  it("say in words how they are", () => {
    expect(hookState("enabled")).toBe("enabled");
    expect(hookState("webhook_callback_verification_failed")).toBe("unverified");
    expect(hookState("something_new")).toBe("over");
  });

  it("are refused before they are sent when they cannot be", () => {
    expect(isCallback("ftp://example.org/")).toBe(false);
    expect(isCallback("https://")).toBe(false);
    expect(isCallback("http://127.0.0.1:9/hook")).toBe(true); // the API says no where the site does not allow it
    expect(isCallback("https://example.org/hook")).toBe(true);
    expect(isSecret("short")).toBe(false);
    expect(isSecret("0123456789")).toBe(true);
    expect(isSecret("ümläut-ümläut")).toBe(false);
    expect(addressesOf(" https://a.example/ \n\nhttps://a.example/\nhttp://localhost ")).toEqual(["https://a.example/", "http://localhost"]);
  });
});
