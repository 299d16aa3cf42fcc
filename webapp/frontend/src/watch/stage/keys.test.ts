import { describe, expect, it } from "vitest";

import { actOf, LISTED, type Focus, type Press } from "./keys";
import { TEXTS } from "./rare-texts";

const press = (key: string, more: Partial<Press> = {}): Press => ({
  key,
  repeat: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...more,
});
const NOWHERE: Focus = { typing: false, pressing: false, steering: false, atPlayer: true };

describe("keys of the player", () => {
  it("are k m f t j l c i ? and space, in either case", () => {
    const acts = ["k", "M", "f", "T", "j", "l", "c", "I", "?", " "].map((key) => actOf(press(key), NOWHERE));
    expect(acts).toEqual(["play", "mute", "fullscreen", "theatre", "back", "forward", "captions", "stats", "help", "play"]);
  });

  it("leave everything to somebody who types", () => {
    for (const key of ["k", " ", "?", "ArrowUp"]) {
      expect(actOf(press(key), { ...NOWHERE, typing: true })).toBeNull();
    }
  });

  it("leave browsers their own shortcuts", () => {
    expect(actOf(press("f", { ctrlKey: true }), NOWHERE)).toBeNull();
    expect(actOf(press("l", { metaKey: true }), NOWHERE)).toBeNull();
    expect(actOf(press("ArrowLeft", { altKey: true }), NOWHERE)).toBeNull();
  });

  it("leave space to the button that has the focus, but not the letters", () => {
    const onButton = { ...NOWHERE, pressing: true };
    expect(actOf(press(" "), onButton)).toBeNull();
    expect(actOf(press("m"), onButton)).toBe("mute");
  });

  it("leave arrows to sliders and menus, and to pages that are scrolled", () => {
    expect(actOf(press("ArrowUp"), NOWHERE)).toBe("louder");
    expect(actOf(press("ArrowLeft"), NOWHERE)).toBe("back-a-little");
    expect(actOf(press("ArrowUp"), { ...NOWHERE, steering: true })).toBeNull();
    expect(actOf(press("ArrowDown"), { ...NOWHERE, atPlayer: false })).toBeNull();
  });

  it("act once when they are held, except on what is done bit by bit", () => {
    const held = { repeat: true };
    expect(actOf(press("k", held), NOWHERE)).toBeNull();
    expect(actOf(press("f", held), NOWHERE)).toBeNull();
    expect(actOf(press("j", held), NOWHERE)).toBe("back");
    expect(actOf(press("ArrowUp", held), NOWHERE)).toBe("louder");
  });

  it("are all in the help, in both languages", () => {
    const listed = new Set(LISTED.map(({ act }) => act));
    expect([...listed].sort()).toEqual(Object.keys(TEXTS.en.acts).sort());
    expect(Object.keys(TEXTS.de.acts)).toEqual(Object.keys(TEXTS.en.acts));
  });

  it("are none of ours otherwise, names of what every object has included", () => {
    for (const key of ["x", "Enter", "Escape", "Tab", "constructor", "toString"]) {
      expect(actOf(press(key), NOWHERE)).toBeNull();
    }
  });
});
