/** The panes of a Mod View, which somebody moves, resizes and hides as they like; remembered for them in this browser. */

import { lazy, Suspense, useCallback, useEffect, useRef, useState, type CSSProperties, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";

import { ChatPanel } from "../chat/ChatPanel";
import { Button, cx, Empty, Icon, Menu, SpinnerPage, type MenuItem } from "../ui";
import { useModerating } from "./context";
import type { Inside } from "./Gate";
import {
  find,
  hiddenOf,
  hide,
  moveTo,
  PANES,
  parseLayout,
  portion,
  resizeColumns,
  resizePanes,
  show,
  step,
  USUAL,
  type At,
  type Direction,
  type Layout,
  type PaneId,
} from "./layout";
import { LogPane } from "./LogPane";
import styles from "./ModView.module.css";
import { PeoplePane } from "./PeoplePane";
import { PersonPane } from "./PersonPane";
import { QueuePane } from "./QueuePane";
import { RequestsPane } from "./RequestsPane";
import { ShieldPane } from "./ShieldPane";
import { useStored } from "./stored";

const StreamPane = lazy(() => import("./StreamPane"));

/** What is in a pane. `headAt`: where its head takes what the chat would have in its own; null until that is there. */
export function PaneBody({ id, inside, headAt }: { id: PaneId; inside: Inside; headAt?: Element | null }): ReactNode {
  const { texts } = useModerating();
  switch (id) {
    case "chat":
      return <ChatPane {...(headAt === undefined ? {} : { headAt })} />;
    case "queue":
      return <QueuePane view={inside.view} />;
    case "log":
      return <LogPane />;
    case "requests":
      return <RequestsPane />;
    case "people":
      return <PeoplePane view={inside.view} />;
    case "person":
      return <PersonPane person={inside.person} />;
    case "shield":
      return <ShieldPane view={inside.view} />;
    case "stream":
      return (
        <Suspense fallback={<SpinnerPage label={texts.loading} />}>
          <StreamPane />
        </Suspense>
      );
  }
}

/** The chat itself; what is done in it can be taken back like everything else here. */
function ChatPane(place: { headAt?: Element | null }): ReactNode {
  const { channel, openPerson, sayings, acts, texts } = useModerating();
  const barred = useCallback(
    (user: string, seconds: number | null) => {
      sayings.say(seconds === null ? texts.done.banned(user) : texts.done.timedOut(user, seconds), false, () => acts.unban(user));
    },
    [sayings, acts, texts],
  );
  return <ChatPanel login={channel.login} broadcasterId={channel.id} popout {...place} onPerson={openPerson} onBarred={barred} />;
}

/** The layout of somebody, and the function that changes it. */
export function useLayout(userId: string): readonly [Layout, (layout: Layout) => void] {
  return useStored(`weir-mod-layout:${userId}`, parseLayout);
}

interface PanesProps {
  readonly inside: Inside;
  readonly layout: Layout;
  readonly setLayout: (layout: Layout) => void;
}

/** A share as CSS takes it. */
function grow(share: number): CSSProperties {
  return { "--share": share } as CSSProperties;
}

export function Panes({ inside, layout, setLayout }: PanesProps): ReactNode {
  const { texts } = useModerating();
  const [dragged, setDragged] = useState<PaneId | null>(null);
  const [target, setTarget] = useState<At | null>(null);
  const names = (ids: readonly { readonly id: PaneId }[]): string => ids.map(({ id }) => texts.panes[id]).join(", ");

  const dropped = (): void => {
    if (dragged !== null && target !== null) setLayout(moveTo(layout, dragged, target));
    setDragged(null);
    setTarget(null);
  };
  const drag = { dragged, target, setDragged, setTarget, dropped };

  if (layout.columns.length === 0) {
    return (
      <Empty
        icon="shield"
        title={texts.noPanes}
        action={
          <Button
            onClick={() => {
              setLayout(USUAL);
            }}
          >
            {texts.resetLayout}
          </Button>
        }
      />
    );
  }
  return (
    <div className={cx(styles.columns, dragged !== null && styles.dragging)} data-testid="mod-panes">
      {layout.columns.map((column, number) => (
        // A column is what is in it: it moves with its first pane.
        <div key={column.panes[0]?.id ?? number} className={styles.columnAndBorder} style={grow(column.share)}>
          <div className={styles.column} data-column={number}>
            {column.panes.map((pane, index) => (
              <div key={pane.id} className={styles.paneAndBorder} style={grow(pane.share)}>
                <Pane id={pane.id} at={{ column: number, index }} layout={layout} setLayout={setLayout} drag={drag} inside={inside} />
                {index < column.panes.length - 1 && (
                  <Border
                    isUpright={false}
                    label={texts.border(texts.panes[pane.id], names(column.panes.slice(index + 1, index + 2)))}
                    value={portion(column.panes.map(({ share }) => share), index)}
                    move={(part) => {
                      setLayout(resizePanes(layout, number, index, part));
                    }}
                  />
                )}
              </div>
            ))}
          </div>
          {number < layout.columns.length - 1 && (
            <Border
              isUpright
              label={texts.border(names(column.panes), names(layout.columns[number + 1]?.panes ?? []))}
              value={portion(layout.columns.map(({ share }) => share), number)}
              move={(part) => {
                setLayout(resizeColumns(layout, number, part));
              }}
            />
          )}
        </div>
      ))}
    </div>
  );
}

interface Drag {
  readonly dragged: PaneId | null;
  readonly target: At | null;
  readonly setDragged: (id: PaneId | null) => void;
  readonly setTarget: (at: At | null) => void;
  readonly dropped: () => void;
}

interface PaneProps {
  readonly id: PaneId;
  readonly at: At;
  readonly layout: Layout;
  readonly setLayout: (layout: Layout) => void;
  readonly drag: Drag;
  readonly inside: Inside;
}

const STEPS: readonly (readonly [Direction, "moveLeft" | "moveRight" | "moveUp" | "moveDown"])[] = [
  ["left", "moveLeft"],
  ["right", "moveRight"],
  ["up", "moveUp"],
  ["down", "moveDown"],
];
const ARROWS: Readonly<Record<string, Direction>> = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

function Pane({ id, at, layout, setLayout, drag, inside }: PaneProps): ReactNode {
  const { texts } = useModerating();
  const [headAt, setHeadAt] = useState<Element | null>(null);
  const title = texts.panes[id];
  const items: MenuItem[] = STEPS.map(([direction, name]) => ({
    label: texts[name],
    disabled: step(layout, id, direction) === layout,
    onSelect: () => {
      setLayout(step(layout, id, direction));
    },
  }));
  items.push("line", {
    label: texts.hidePane,
    icon: "eye-off",
    onSelect: () => {
      setLayout(hide(layout, id));
    },
  });
  const isTarget = drag.dragged !== null && drag.target?.column === at.column && drag.target.index === at.index;
  return (
    <div role="group" className={cx(styles.pane, isTarget && styles.target, drag.dragged === id && styles.lifted)} aria-label={title} data-pane={id} data-testid={`mod-pane-${id}`}>
      <header className={styles.paneHead}>
        <Handle id={id} title={title} layout={layout} setLayout={setLayout} drag={drag} />
        <h2>{title}</h2>
        <span ref={setHeadAt} className={styles.headEnd} />
        <Menu label={texts.paneMenu(title)} trigger={<Icon name="browse" size={18} />} items={items} />
      </header>
      <div className={styles.paneBody}>
        <PaneBody id={id} inside={inside} headAt={headAt} />
      </div>
    </div>
  );
}

/** What a pane is taken up by: a pointer drags it, arrows move it. */
function Handle({ id, title, layout, setLayout, drag }: Omit<PaneProps, "at" | "inside"> & { title: string }): ReactNode {
  const { texts } = useModerating();
  const down = (event: PointerEvent<HTMLButtonElement>): void => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.setDragged(id);
  };
  const move = (event: PointerEvent): void => {
    if (drag.dragged === id) drag.setTarget(placeAt(layout, event.clientX, event.clientY));
  };
  const pressed = (event: KeyboardEvent<HTMLButtonElement>): void => {
    const direction = ARROWS[event.key];
    if (direction === undefined) return;
    event.preventDefault();
    setLayout(step(layout, id, direction));
    // It may be another element by then: a pane that changes its column is made anew.
    requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-pane="${id}"] [data-handle]`)?.focus());
  };
  return (
    <button
      type="button"
      className={styles.handle}
      aria-label={texts.drag(title)}
      title={texts.drag(title)}
      data-handle
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={drag.dropped}
      onPointerCancel={() => {
        drag.setDragged(null);
        drag.setTarget(null);
      }}
      onKeyDown={pressed}
    >
      <Icon name="menu" size={16} />
    </button>
  );
}

const EDGE_PX = 24;

/** Where something that is let go there would stand. */
function placeAt(layout: Layout, x: number, y: number): At | null {
  const columns = [...document.querySelectorAll<HTMLElement>("[data-column]")];
  const [first, last] = [columns[0]?.getBoundingClientRect(), columns.at(-1)?.getBoundingClientRect()];
  if (first === undefined || last === undefined) return null;
  if (x < first.left + EDGE_PX) return { column: -1, index: 0 };
  if (x > last.right - EDGE_PX) return { column: layout.columns.length, index: 0 };
  const column = columns.findIndex((one) => one.getBoundingClientRect().right >= x);
  const panes = [...(columns[column]?.querySelectorAll<HTMLElement>("[data-pane]") ?? [])];
  const index = panes.findIndex((pane) => {
    const { top, height } = pane.getBoundingClientRect();
    return y < top + height / 2;
  });
  return column < 0 ? null : { column, index: index < 0 ? panes.length : index };
}

const STEP = 0.05;
const LARGE_STEP = 0.2;

/** What stands between two neighbours: dragged, or moved with arrows. */
function Border({ isUpright, label, value, move }: { isUpright: boolean; label: string; value: number; move: (part: number) => void }): ReactNode {
  const [isHeld, setIsHeld] = useState(false);
  const last = useRef(0);
  const place = (event: PointerEvent): number => (isUpright ? event.clientX : event.clientY);
  const pressed = (event: KeyboardEvent): void => {
    const [less, more] = isUpright ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
    const size = event.shiftKey ? LARGE_STEP : STEP;
    if (event.key !== less && event.key !== more) return;
    event.preventDefault();
    move(event.key === less ? -size : size);
  };
  const moved = (event: PointerEvent<HTMLDivElement>): void => {
    if (!isHeld) return;
    const [before, after] = neighbours(event.currentTarget, isUpright);
    const both = before + after;
    const now = place(event);
    if (both <= 0 || now === last.current) return;
    move((now - last.current) / both);
    last.current = now;
  };
  const letGo = useCallback(() => {
    setIsHeld(false);
  }, []);
  return (
    <div
      role="separator"
      aria-orientation={isUpright ? "vertical" : "horizontal"}
      aria-label={label}
      aria-valuenow={value}
      aria-valuemin={0}
      aria-valuemax={100}
      tabIndex={0}
      className={cx(isUpright ? styles.upright : styles.lying, isHeld && styles.heldBorder)}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        last.current = place(event);
        setIsHeld(true);
      }}
      onPointerMove={moved}
      onPointerUp={letGo}
      onPointerCancel={letGo}
      onKeyDown={pressed}
    />
  );
}

/** How long the two are that a border stands between, in pixels. */
function neighbours(border: HTMLElement, isUpright: boolean): readonly [number, number] {
  const own = border.parentElement;
  const next = own?.nextElementSibling;
  const length = (element: Element | null | undefined): number => {
    const box = element?.getBoundingClientRect();
    return box === undefined ? 0 : isUpright ? box.width : box.height;
  };
  return [length(own), length(next)];
}

/** Shows and hides panes. */
export function LayoutMenu({ layout, setLayout }: Omit<PanesProps, "inside">): ReactNode {
  const { texts } = useModerating();
  const hidden = hiddenOf(layout);
  const items: MenuItem[] = PANES.map((id) => ({
    label: texts.panes[id],
    checked: !hidden.includes(id),
    onSelect: () => {
      setLayout(hidden.includes(id) ? show(layout, id) : hide(layout, id));
    },
  }));
  items.push("line", {
    label: texts.resetLayout,
    icon: "refresh",
    onSelect: () => {
      setLayout(USUAL);
    },
  });
  return <Menu label={texts.layout} trigger={<Icon name="browse" size={18} />} items={items} />;
}

/** One pane at a time, chosen by tabs: for phones and small windows. */
export function OnePane({ panes, inside, chosen, choose }: { panes: readonly PaneId[]; inside: Inside; chosen: PaneId; choose: (id: PaneId) => void }): ReactNode {
  const { texts } = useModerating();
  const shown = panes.includes(chosen) ? chosen : (panes[0] ?? "queue");
  const pressed = (event: KeyboardEvent): void => {
    const turn = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = panes[(panes.indexOf(shown) + turn + panes.length) % panes.length];
    if (turn === 0 || next === undefined) return;
    event.preventDefault();
    choose(next);
    document.getElementById(`mod-tab-${next}`)?.focus();
  };
  return (
    <>
      <div className={styles.tabs} role="tablist" aria-label={texts.layout} onKeyDown={pressed}>
        {panes.map((id) => {
          const short = texts.tabs[id];
          return (
            <button
              key={id}
              id={`mod-tab-${id}`}
              type="button"
              role="tab"
              aria-label={short === undefined ? undefined : texts.panes[id]}
              aria-selected={id === shown}
              aria-controls="mod-tab-panel"
              tabIndex={id === shown ? 0 : -1}
              onClick={() => {
                choose(id);
              }}
            >
              {short ?? texts.panes[id]}
              {id === "queue" && inside.view.waiting > 0 && <span className={styles.number}>{inside.view.waiting}</span>}
            </button>
          );
        })}
      </div>
      <div id="mod-tab-panel" role="tabpanel" aria-labelledby={`mod-tab-${shown}`} className={styles.single} data-pane={shown} data-testid={`mod-pane-${shown}`}>
        {shown !== "chat" && <h2 className="visually-hidden">{texts.panes[shown]}</h2>}
        <PaneBody id={shown} inside={inside} />
      </div>
    </>
  );
}

const NARROW = "(max-width: 800px)";

/** Whether there is room for one pane only. */
export function useNarrow(): boolean {
  const [isNarrow, setIsNarrow] = useState(() => window.matchMedia(NARROW).matches);
  useEffect(() => {
    const query = window.matchMedia(NARROW);
    const hear = (): void => {
      setIsNarrow(query.matches);
    };
    query.addEventListener("change", hear);
    return () => {
      query.removeEventListener("change", hear);
    };
  }, []);
  return isNarrow;
}

export function isShown(layout: Layout, id: PaneId): boolean {
  return find(layout, id) !== null;
}

