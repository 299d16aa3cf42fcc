import { describe, expect, it } from "vitest";

import { begun, changesOf, isChanged, kept, saved, taken, told, typed } from "./merge";

interface Form {
  readonly slow: boolean;
  readonly wait: number;
  readonly tags: readonly string[];
}

const BASE: Form = { slow: false, wait: 30, tags: ["a"] };

describe("a form that others edit, too", () => {
  it("knows what was changed in it, and that typing it back is no change", () => {
    const form = typed(begun(BASE), { slow: true, tags: ["a"] });
    expect(changesOf(form.base, form.draft)).toEqual({ slow: true });
    expect(isChanged(form)).toBe(true);
    expect(isChanged(typed(form, { slow: false }))).toBe(false);
  });

  it("follows the server while nothing was typed, without a word", () => {
    const form = told(begun(BASE), { ...BASE, wait: 10 });
    expect(form.draft.wait).toBe(10);
    expect(form.news).toEqual([]);
  });

  it("takes what others changed elsewhere, and keeps what was typed", () => {
    const form = told(typed(begun(BASE), { slow: true }), { ...BASE, wait: 10 });
    expect(form.draft).toEqual({ ...BASE, slow: true, wait: 10 });
    expect(form.news).toEqual(["wait"]);
    expect(form.conflicts).toEqual([]);
  });

  it("asks where both changed the same, and forgets nothing until it is told", () => {
    const both = told(typed(begun(BASE), { wait: 60 }), { ...BASE, wait: 10 });
    expect(both.conflicts).toEqual(["wait"]);
    expect(both.draft.wait).toBe(60);
    expect(told(both, { ...BASE, wait: 10 }).conflicts).toEqual(["wait"]);
    expect(taken(both, "wait").draft.wait).toBe(10);
    expect(isChanged(taken(both, "wait"))).toBe(false);
    const ours = kept(both, "wait");
    expect(ours.conflicts).toEqual([]);
    expect(changesOf(ours.base, ours.draft)).toEqual({ wait: 60 });
    expect(both.base.wait).toBe(10);
  });

  it("has no conflict where both wanted the same", () => {
    const form = told(typed(begun(BASE), { tags: ["b"] }), { ...BASE, tags: ["b"] });
    expect(form.conflicts).toEqual([]);
    expect(isChanged(form)).toBe(false);
  });

  it("keeps what was typed while it was being saved", () => {
    const sent = typed(begun(BASE), { slow: true, wait: 60 });
    const during = typed(sent, { wait: 90 });
    const form = saved(during, { slow: true, wait: 60 }, { slow: true, wait: 60, tags: ["x"] });
    expect(form.draft).toEqual({ slow: true, wait: 90, tags: ["x"] });
    expect(form.conflicts).toEqual([]);
    expect(changesOf(form.base, form.draft)).toEqual({ wait: 90 });
  });
});
