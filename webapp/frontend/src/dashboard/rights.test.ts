import { expect, it } from "vitest";

import { allows, standingsOf, type Need } from "./rights";

const NEEDS: readonly Need[] = ["owner", "editor", "moderator", "member"];

function opened(siteRole: string, role: string, own = "me"): readonly Need[] {
  const roles = role === "" ? [] : [{ broadcaster_login: "anna", role }];
  const standings = standingsOf(own, siteRole, [{ broadcaster_login: "ben", role: "editor" }, ...roles], "anna");
  return NEEDS.filter((need) => allows(standings, need));
}

it("opens every page to the owner, and none to a stranger, a VIP or an editor of another channel", () => {
  expect(opened("", "", "anna")).toEqual(NEEDS);
  expect(opened("", "")).toEqual([]);
  expect(opened("", "vip")).toEqual([]);
});

it("opens to each role what the server lets it do", () => {
  expect(opened("", "editor")).toEqual(["editor", "member"]);
  expect(opened("", "moderator")).toEqual(["moderator", "member"]);
  expect(opened("staff", "")).toEqual(["moderator", "member"]);
  expect(opened("admin", "")).toEqual(["editor", "moderator", "member"]);
});
