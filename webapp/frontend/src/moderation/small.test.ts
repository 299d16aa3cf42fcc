import { expect, it } from "vitest";

import { refusalText } from "./acts";
import { listsOf } from "./concerns";
import { Desk } from "./desk";
import { actionOf, keyOf, parseKeys, rebind, timeoutOf, USUAL_KEYS, type Press } from "./keys";
import { whichHold, isOfKind, KINDS, MOST_ROWS, withHead, withTail, type Deed } from "./log";
import { presetTexts } from "./rules";
import { TEXTS } from "./texts";

function press(key: string, more: Partial<Press> = {}): Press {
  return { key, ctrlKey: false, metaKey: false, altKey: false, ...more };
}

it("knows keys in either case, and leaves those of browsers alone", () => {
  expect(actionOf(USUAL_KEYS, press("J"))).toBe("next");
  expect(actionOf(USUAL_KEYS, press("Delete"))).toBe("delete");
  expect(actionOf(USUAL_KEYS, press("b", { ctrlKey: true }))).toBeNull();
  expect(keyOf(press("Enter"))).toBeNull();
  expect(timeoutOf("timeout3")).toBe(600);
  expect(timeoutOf("ban")).toBeNull();
});

it("gives a key to one action only", () => {
  const keys = rebind(USUAL_KEYS, "ban", "j");
  expect([keys.ban, keys.next]).toEqual(["j", ""]);
  expect(actionOf(keys, press("j"))).toBe("ban");
  expect(parseKeys(JSON.stringify(keys))).toEqual(keys);
});

it.each([null, "", "nonsense", "[]", '{"ban":7,"warn":"Enter","pin":"aaaaaaaaaaaaaaaaaaaaaaaa"}'])("takes %s as the usual keys", (text) => {
  expect(parseKeys(text)).toEqual(USUAL_KEYS);
});

it("takes a stored key that two actions have for the first", () => {
  expect(parseKeys('{"next":"b"}')).toMatchObject({ next: "b", ban: "" });
});

const HELD = { user_id: "7", user_login: "ben", user_name: "Ben", message: "x", held_for: "automod", category: "caps", held_at: "", expires_at: "" };

function deed(id: string, action: string, details: Readonly<Record<string, unknown>> = {}): Deed {
  return {
    id,
    created_at: "2026-11-23T06:00:00Z",
    actor_type: "user",
    actor_id: "1",
    actor_login: "anna",
    broadcaster_id: "1",
    broadcaster_login: "anna",
    action,
    target_type: "user",
    target_id: "7",
    details,
  };
}
function ids(rows: readonly Deed[]): string {
  return rows.map(({ id }) => id).join("");
}

it("puts new rows before those it has, and begins anew when it missed some", () => {
  const rows = ["d", "c", "b", "a"].map((id) => deed(id, "ban"));
  const known = { rows: rows.slice(1), cursor: "older" };
  expect(withHead(null, known)).toBe(known);
  expect(withHead(known, { rows: rows.slice(1, 3), cursor: "x" })).toBe(known);
  const next = withHead(known, { rows: rows.slice(0, 3), cursor: "x" });
  expect([ids(next.rows), next.cursor]).toEqual(["dcba", "older"]);
  const gap = { rows: [deed("z", "ban"), deed("y", "ban")], cursor: "x" };
  expect(withHead(known, gap)).toBe(gap);
  expect(ids(withTail(known, { rows: [rows[3] ?? deed("a", "ban"), deed("0", "ban")], cursor: null }).rows)).toBe("cba0");
  const many = { rows: Array.from({ length: MOST_ROWS }, (_, id) => deed(String(id), "ban")), cursor: "more" };
  expect(withTail(known, many).cursor).toBeNull();
});

it("offers to undo only what holds", () => {
  const now = Date.parse("2026-11-23T06:00:00Z");
  const ben = { user_login: "ben" };
  expect([...whichHold([deed("2", "unban", ben), deed("1", "ban", ben)], now)]).toEqual([]);
  expect([...whichHold([deed("3", "ban", ben), deed("2", "unban", ben), deed("1", "ban", ben)], now)]).toEqual(["3"]);
  const timeout = (expires_at: string): Deed => deed("1", "timeout", { ...ben, expires_at });
  expect([...whichHold([timeout("2026-11-23T06:00:01Z")], now)]).toEqual(["1"]);
  expect([...whichHold([timeout("2026-11-23T05:59:59Z")], now)]).toEqual([]);
});

it("sorts deeds", () => {
  const kinds = (action: string): readonly string[] => KINDS.filter((kind) => isOfKind(deed("1", action), kind));
  expect(kinds("timeout")).toEqual(["all", "people"]);
  expect(kinds("slowoff")).toEqual(["all", "rules"]);
  expect(kinds("unmod")).toEqual(["all", "roles"]);
  expect(kinds("something_new")).toEqual(["all"]);
});

it("asks only for lists that something makes old", () => {
  expect(listsOf("channel.unban", undefined)).toContain("bans");
  expect(listsOf("channel.chat.message", undefined)).toEqual([]);
  expect(listsOf("channel.chat.notification", "announcement")).toEqual(["log"]);
  expect(listsOf("channel.chat.notification", "sub")).toEqual([]);
});

it("says what a shield sets, and not what it leaves", () => {
  const preset = { follower_mode: true, follower_mode_duration: 10, slow_mode: true, slow_mode_wait_time: 10, verified_email_mode: true, links_from: "moderators", emote_mode: false } as const;
  expect(presetTexts(preset, TEXTS.en)).toEqual([
    "Followers only, for 10 min",
    "Slow mode, 10 s",
    "A proven e-mail address is needed",
    "Links only from moderators",
  ]);
});

it("explains refusals in the reader's language, whatever was tried", () => {
  expect(refusalText({ code: "bad_timeout_mod", message: "x" }, TEXTS.de)).toBe(TEXTS.de.refusals.bad_mod);
  expect(refusalText({ code: "bad_unban_no_ban", message: "x" }, TEXTS.en)).toBe(TEXTS.en.refusals.bad_unban_no_ban);
  expect(refusalText({ code: "unheard_of", message: "The server says." }, TEXTS.en)).toBe("The server says.");
  expect(refusalText({ code: "lost", message: "" }, TEXTS.en)).toBe(TEXTS.en.noAnswer);
});

it("learns from an answer that somebody else was faster", () => {
  const desk = new Desk(() => undefined, { now: () => 0, later: () => undefined, nextFrame: () => undefined });
  desk.listed([{ ...HELD, message_id: "a" }, { ...HELD, message_id: "b" }]);
  desk.settled("a", "denied", "mia");
  desk.settled("b", "", null);
  expect(desk.hold("a")).toMatchObject({ status: "denied", by: "mia" });
  expect(desk.hold("b")).toMatchObject({ status: "gone", by: null });
});

it("hears the room: who writes, the shield, the queue", () => {
  const old: string[][] = [];
  const frames: (() => void)[] = [];
  const desk = new Desk((lists) => old.push([...lists]), { now: () => 0, later: (act) => void frames.push(act), nextFrame: (act) => void frames.push(act) });
  const tell = (type: string, event: Readonly<Record<string, unknown>>): void => {
    desk.hear({ type: "told", told: { frameId: "1", at: 5, type, channelId: "1", place: { epoch: "e", offset: 1 }, skipped: 0, event } });
  };
  for (const login of ["ben", "carl", "ben"]) tell("channel.chat.message", { chatter_user_login: login, chatter_user_name: login.toUpperCase() });
  tell("channel.shield_mode.begin", {});
  tell("automod.message.hold", { message_id: "h" });
  tell("automod.message.update", { message_id: "h", status: "denied", moderator_user_login: "anna" });
  frames.splice(0).forEach((act) => {
    act();
  });
  const view = desk.view();
  expect(view.active.map(({ login, messages }) => [login, messages])).toEqual([["ben", 2], ["carl", 1]]);
  expect([view.isShielded, view.waiting]).toEqual([true, 0]);
  expect(view.holds[0]).toMatchObject({ status: "denied", by: "anna" });
  expect(old).toEqual([["log", "shield"], ["log", "person"]]);
});
