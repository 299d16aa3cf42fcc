import { expect, it } from "vitest";

import { find, hiddenOf, hide, moveTo, PANES, parseLayout, portion, resizeColumns, resizePanes, show, step, USUAL, type Direction, type Layout, type PaneId } from "./layout";

function ids(layout: Layout): readonly (readonly PaneId[])[] {
  return layout.columns.map(({ panes }) => panes.map(({ id }) => id));
}
const TWO: Layout = {
  columns: [
    { share: 1, panes: [{ id: "queue", share: 1 }, { id: "log", share: 3 }] },
    { share: 2, panes: [{ id: "chat", share: 1 }] },
  ],
};

it("moves a pane within its column and into its neighbours", () => {
  expect(ids(step(TWO, "queue", "down"))).toEqual([["log", "queue"], ["chat"]]);
  expect(ids(step(TWO, "log", "up"))).toEqual([["log", "queue"], ["chat"]]);
  expect(ids(step(TWO, "log", "right"))).toEqual([["queue"], ["chat", "log"]]);
  expect(ids(step(TWO, "chat", "left"))).toEqual([["chat", "queue", "log"]]);
});

it("gives a pane a column of its own at the edge, and leaves it there", () => {
  const moved = step(TWO, "log", "left");
  expect(ids(moved)).toEqual([["log"], ["queue"], ["chat"]]);
  expect(step(moved, "log", "left")).toBe(moved);
  expect(step(TWO, "queue", "up")).toBe(TWO);
  expect(step(TWO, "chat", "down")).toBe(TWO);
});

it("has four columns at most", () => {
  expect(USUAL.columns).toHaveLength(4);
  expect(moveTo(USUAL, "shield", { column: -1, index: 0 })).toBe(USUAL);
});

it("drops a pane where the pointer let it go, as things stood before", () => {
  expect(ids(moveTo(TWO, "queue", { column: 0, index: 2 }))).toEqual([["log", "queue"], ["chat"]]);
  expect(ids(moveTo(TWO, "queue", { column: 0, index: 1 }))).toEqual([["queue", "log"], ["chat"]]);
  expect(ids(moveTo(TWO, "queue", { column: 1, index: 0 }))).toEqual([["log"], ["queue", "chat"]]);
  expect(ids(moveTo(TWO, "chat", { column: 2, index: 0 }))).toEqual([["queue", "log"], ["chat"]]);
});

it("never loses or doubles a pane, however it is moved", () => {
  const directions: readonly Direction[] = ["left", "right", "up", "down"];
  let layout = USUAL;
  let seed = 7;
  for (let turn = 0; turn < 2_000; turn += 1) {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    const id = PANES[seed % PANES.length] ?? "chat";
    const what = Math.floor(seed / 64) % 7;
    const direction = directions[what];
    layout = direction ? step(layout, id, direction) : what === 4 ? hide(layout, id) : show(layout, id);
    const shown = ids(layout).flat();
    expect(new Set(shown).size).toBe(shown.length);
    expect([...shown, ...hiddenOf(layout)].sort()).toEqual([...PANES].sort());
    expect(layout.columns.length).toBeLessThanOrEqual(4);
    expect(ids(layout).every((column) => column.length > 0)).toBe(true);
    expect(parseLayout(JSON.stringify(layout))).toEqual(layout.columns.length === 0 ? USUAL : layout);
  }
});

it("hides and shows", () => {
  const hidden = hide(TWO, "chat");
  expect(find(hidden, "chat")).toBeNull();
  expect(ids(show(hidden, "chat"))).toEqual([["queue", "log", "chat"]]);
  expect(ids(show({ columns: [] }, "log"))).toEqual([["log"]]);
});

it("moves borders, and leaves each neighbour some room", () => {
  const wider = resizeColumns(TWO, 0, 0.1);
  expect(wider.columns.map(({ share }) => share)).toEqual([1.3, 1.7]);
  expect(portion([1, 3], 0)).toBe(25);
  expect(resizeColumns(TWO, 0, -5).columns[0]?.share).toBeCloseTo(0.2);
  const lower = resizePanes(TWO, 0, 0, 0.25);
  expect(lower.columns[0]?.panes.map(({ share }) => share)).toEqual([2, 2]);
  expect(resizeColumns(TWO, 1, 0.1)).toEqual(TWO);
});

it.each([null, "", "{", "[]", "7", '{"columns":[]}', '{"columns":"x"}', '{"columns":[{"panes":[{"id":"nothing"}]}]}', '{"columns":[null,{"panes":null}]}'])(
  "takes %s as the usual layout",
  (text) => {
    expect(parseLayout(text)).toBe(USUAL);
  },
);

it("reads what is good in a layout that is not", () => {
  const text = JSON.stringify({ columns: [{ share: -3, panes: [{ id: "log", share: "x" }, { id: "log" }, { id: "evil" }] }] });
  expect(parseLayout(text)).toEqual({ columns: [{ share: 1, panes: [{ id: "log", share: 1 }] }] });
});
