/**
 * How the panes of a Mod View stand: columns of panes, each with its share of the room. Pure; nothing here is changed in place.
 *
 * A pane is in exactly one column, or hidden. Shares are relative: `2` beside `1` is twice as wide.
 */

export const PANES = ["chat", "queue", "log", "requests", "people", "person", "shield", "stream"] as const;
export type PaneId = (typeof PANES)[number];

export interface Placed {
  readonly id: PaneId;
  readonly share: number;
}
export interface Column {
  readonly share: number;
  readonly panes: readonly Placed[];
}
export interface Layout {
  readonly columns: readonly Column[];
}
export type Direction = "left" | "right" | "up" | "down";

const MOST_COLUMNS = 4;
const LEAST_SHARE = 0.2;
const MOST_SHARE = 20;

function column(share: number, ...ids: PaneId[]): Column {
  return { share, panes: ids.map((id) => ({ id, share: 1 })) };
}

export const USUAL: Layout = {
  columns: [column(1, "queue", "shield"), column(1.2, "chat"), column(1, "log", "requests"), column(1, "person", "people")],
};

export interface At {
  readonly column: number;
  readonly index: number;
}

/** Where a pane stands; null: it is hidden. */
export function find(layout: Layout, id: PaneId): At | null {
  for (const [number, { panes }] of layout.columns.entries()) {
    const index = panes.findIndex((pane) => pane.id === id);
    if (index >= 0) return { column: number, index };
  }
  return null;
}

/** Those that are not shown. */
export function hiddenOf(layout: Layout): readonly PaneId[] {
  return PANES.filter((id) => find(layout, id) === null);
}

/** Without empty columns. */
function tidy(columns: readonly Column[]): Layout {
  return { columns: columns.filter(({ panes }) => panes.length > 0) };
}

export function hide(layout: Layout, id: PaneId): Layout {
  return tidy(layout.columns.map((one) => ({ ...one, panes: one.panes.filter((pane) => pane.id !== id) })));
}

/** Show a hidden pane: where it usually stands if that column is there, else at the end of the last. */
export function show(layout: Layout, id: PaneId): Layout {
  if (find(layout, id) !== null) return layout;
  const last = Math.max(0, layout.columns.length - 1);
  const wanted = Math.min(find(USUAL, id)?.column ?? last, last);
  return insert(layout, { id, share: 1 }, { column: wanted, index: layout.columns[wanted]?.panes.length ?? 0 });
}

function insert(layout: Layout, pane: Placed, at: At): Layout {
  if (layout.columns.length === 0) return { columns: [{ share: 1, panes: [pane] }] };
  return {
    columns: layout.columns.map((one, number) =>
      number === at.column ? { ...one, panes: [...one.panes.slice(0, at.index), pane, ...one.panes.slice(at.index)] } : one,
    ),
  };
}

/**
 * Put a pane somewhere else. `column` may be -1 or the number of columns: then it gets a column of its own there. `at` is as
 * things stand before it is taken up.
 */
export function moveTo(layout: Layout, id: PaneId, at: At): Layout {
  const from = find(layout, id);
  const pane = from === null ? { id, share: 1 } : layout.columns[from.column]?.panes[from.index];
  if (!pane) return layout;
  const taken = layout.columns.map((one) => ({ ...one, panes: one.panes.filter((other) => other.id !== id) }));
  if (at.column < 0 || at.column >= layout.columns.length) {
    const fresh: Column = { share: 1, panes: [{ ...pane, share: 1 }] };
    const all = tidy(at.column < 0 ? [fresh, ...taken] : [...taken, fresh]);
    return all.columns.length > MOST_COLUMNS ? layout : all;
  }
  const index = from?.column === at.column && from.index < at.index ? at.index - 1 : at.index;
  return tidy(insert({ columns: taken }, pane, { column: at.column, index }).columns);
}

/** Move a pane one step; as it is where that leads nowhere. */
export function step(layout: Layout, id: PaneId, direction: Direction): Layout {
  const at = find(layout, id);
  if (at === null) return layout;
  const panes = layout.columns[at.column]?.panes.length ?? 0;
  switch (direction) {
    case "up":
      return at.index === 0 ? layout : moveTo(layout, id, { ...at, index: at.index - 1 });
    case "down":
      return at.index === panes - 1 ? layout : moveTo(layout, id, { ...at, index: at.index + 2 });
    case "left":
    case "right": {
      const next = at.column + (direction === "left" ? -1 : 1);
      const isBeyond = next < 0 || next >= layout.columns.length;
      if (isBeyond && panes === 1) return layout; // it has a column of its own at that end already
      const length = layout.columns[next]?.panes.length ?? 0;
      return moveTo(layout, id, { column: next, index: Math.min(at.index, length) });
    }
  }
}

/** Move the border behind column `at` by `part` of the width of it and the next together. */
export function resizeColumns(layout: Layout, at: number, part: number): Layout {
  const shares = moved(layout.columns.map(({ share }) => share), at, part);
  return { columns: layout.columns.map((one, index) => ({ ...one, share: shares[index] ?? one.share })) };
}

/** The same for the border below pane `at` of a column. */
export function resizePanes(layout: Layout, number: number, at: number, part: number): Layout {
  return {
    columns: layout.columns.map((one, index) => {
      if (index !== number) return one;
      const shares = moved(one.panes.map(({ share }) => share), at, part);
      return { ...one, panes: one.panes.map((pane, place) => ({ ...pane, share: shares[place] ?? pane.share })) };
    }),
  };
}

function moved(shares: readonly number[], at: number, part: number): readonly number[] {
  const [first, second] = [shares[at], shares[at + 1]];
  if (first === undefined || second === undefined) return shares;
  const both = first + second;
  const least = Math.min(LEAST_SHARE, both / 2);
  const wanted = Math.min(both - least, Math.max(least, first + part * both));
  return shares.map((share, index) => (index === at ? wanted : index === at + 1 ? both - wanted : share));
}

/** How much of the two around border `at` the first one has, in percent. */
export function portion(shares: readonly number[], at: number): number {
  const [first = 1, second = 1] = [shares[at], shares[at + 1]];
  return Math.round((first / (first + second)) * 100);
}

/** Read what was stored; what is not a layout, or has no pane, counts as the usual one. */
export function parseLayout(text: string | null): Layout {
  let found: unknown;
  try {
    found = JSON.parse(text ?? "null");
  } catch {
    return USUAL;
  }
  const columns = record(found)?.columns;
  if (!Array.isArray(columns)) return USUAL;
  const seen = new Set<PaneId>();
  const read = tidy(columns.slice(0, MOST_COLUMNS).map((one) => readColumn(one, seen)));
  return read.columns.length > 0 ? read : USUAL;
}

function readColumn(value: unknown, seen: Set<PaneId>): Column {
  const given = record(value);
  const panes: Placed[] = [];
  for (const one of Array.isArray(given?.panes) ? (given.panes as unknown[]) : []) {
    const pane = record(one);
    const id = PANES.find((known) => known === pane?.id);
    if (id === undefined || seen.has(id)) continue;
    seen.add(id);
    panes.push({ id, share: shareOf(pane?.share) });
  }
  return { share: shareOf(given?.share), panes };
}

function record(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
}

function shareOf(value: unknown): number {
  return typeof value === "number" && value >= LEAST_SHARE / 10 && value <= MOST_SHARE ? value : 1;
}
