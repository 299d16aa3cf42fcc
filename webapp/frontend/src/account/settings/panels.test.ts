import { describe, expect, it } from "vitest";

import { added, bare, drafts, inShort, moved, panelFault, sendable } from "./panels";

const NONE = { title: "", text: "", image: null, link: null };
const titles = (panels: readonly { title: string }[]): string => panels.map(({ title }) => title).join("");
const three = drafts(["a", "b", "c"].map((title) => ({ ...NONE, title })));

describe("panels", () => {
  it("are moved, and stay at the ends", () => {
    expect(titles(moved(three, 1, -1))).toBe("bac");
    expect(titles(moved(three, 1, 1))).toBe("acb");
    expect(moved(three, 0, -1)).toBe(three);
    expect(moved(three, 2, 1)).toBe(three);
    expect(moved(three, 9, 1)).toBe(three);
  });

  it("get keys of their own, also after one is removed", () => {
    expect(added([]).map(({ key }) => key)).toEqual([0]);
    expect(added(three.filter(({ key }) => key !== 1)).map(({ key }) => key)).toEqual([0, 2, 3]);
  });

  it("are told apart in a line", () => {
    expect(inShort([])).toBeUndefined();
    expect(inShort([{ ...NONE, title: "About", text: "me\nand you" }, { ...NONE, text: "w".repeat(99) }])).toBe(`About: me and you · ${"w".repeat(59)}…`);
    expect(bare(drafts([NONE])[0] ?? { ...NONE, key: 1 })).toEqual(NONE);
  });

  it("are sent without what is empty", () => {
    expect(sendable([...added(three), { ...NONE, key: 9, link: "https://example.org" }])).toHaveLength(3);
    expect(sendable(drafts([{ ...NONE, title: " a ", link: " " }]))).toEqual([{ ...NONE, title: "a" }]);
  });
});

describe("panelFault", () => {
  it.each(["http://example.org", "javascript:alert(1)", "https://", "example.org", "https://a b", "https://bank.example@evil.example"])("wants no link like %j", (link) => {
    expect(panelFault({ ...NONE, link })).toBe("link");
  });

  it("counts in code points", () => {
    expect(panelFault({ ...NONE, title: "😀".repeat(100), link: "https://example.org/x" })).toBeNull();
    expect(panelFault({ ...NONE, title: "x".repeat(101) })).toBe("long");
  });
});
