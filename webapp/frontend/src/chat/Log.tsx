/** The lines of a room: as many elements as are seen, whatever is said. */

import { useVirtualizer } from "@tanstack/react-virtual";
import {
  lazy,
  memo,
  Suspense,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
} from "react";

import { useFormat } from "../i18n";
import { cx, Icon } from "../ui";
import type { Line } from "./buffer";
import { useChat } from "./context";
import styles from "./Log.module.css";
import { Row } from "./Row";
import type { RoomView } from "./room";
import { Toolbar } from "./Toolbar";

const LineKeys = lazy(() => import("../moderation/LineKeys"));

const ROW_PX = 28;
const OVERSCAN = 6;
/** Scrolled up by more than this, somebody reads further up. */
const AWAY_PX = 48;
/** How long the lines stand still after a moderator's pointer moved over them, so that none is hit that was not meant. */
const STILL_MS = 2_000;

export const Log = memo(function Log({ view }: { view: RoomView }): ReactNode {
  const { store, texts, isModerator } = useChat();
  const format = useFormat();
  const { lines, isHeld } = view;
  const scroller = useRef<HTMLDivElement>(null);
  const lastTop = useRef(0);
  const isAway = useRef(false);
  const [isReading, setIsReading] = useState(false);
  const still = useRef<ReturnType<typeof setTimeout> | null>(null);
  const [current, setCurrent] = useState<string | null>(null);
  const [pointed, setPointed] = useState<string | null>(null);

  const getItemKey = useCallback((index: number) => lines[index]?.key ?? index, [lines]);
  const virtualizer = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    getItemKey,
    useFlushSync: false,
  });
  const height = virtualizer.getTotalSize();

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || isHeld) return;
    element.scrollTop = element.scrollHeight;
    lastTop.current = element.scrollTop;
  }, [lines, height, isHeld]);

  const release = useCallback(() => {
    isAway.current = false;
    setIsReading(false);
    setCurrent(null);
    store.release();
  }, [store]);

  useEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    // A keyboard on a phone, or a dragged window: what was at the end stays there.
    const observer = new ResizeObserver(() => {
      if (!store.view().isHeld) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      if (still.current !== null) clearTimeout(still.current);
    };
  }, [store]);

  const goAway = (): void => {
    isAway.current = true;
    setIsReading(true);
    store.hold();
  };

  const scrolled = (): void => {
    const element = scroller.current;
    if (!element) return;
    const left = element.scrollHeight - element.scrollTop - element.clientHeight;
    const isUp = element.scrollTop < lastTop.current;
    lastTop.current = element.scrollTop;
    if (left > AWAY_PX && isUp && !isAway.current) {
      goAway();
    } else if (left < 2 && isAway.current && current === null) {
      release();
    }
  };

  const pointerMoved = (event: PointerEvent): void => {
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-key]") : null;
    const key = row?.dataset.key ?? null;
    if (key !== pointed) setPointed(key);
    if (!isModerator || event.pointerType !== "mouse") return;
    store.hold();
    if (still.current !== null) clearTimeout(still.current);
    still.current = setTimeout(letGo, STILL_MS);
  };

  const letGo = (): void => {
    still.current = null;
    if (!isAway.current) store.release();
  };

  const pointerLeft = (): void => {
    setPointed(null);
    if (still.current !== null) {
      clearTimeout(still.current);
      letGo();
    }
  };

  const moveTo = (index: number): void => {
    const line = lines[index];
    if (!line) return;
    goAway();
    if (line.key === current) focusOn(scroller.current?.querySelector(`[data-index="${index}"]`));
    setCurrent(line.key);
    virtualizer.scrollToIndex(index, { align: "auto" });
  };

  const at = lines.findIndex((line) => line.key === current);
  const go = (step: 1 | -1): void => {
    if (step < 0) moveTo(at < 0 ? lines.length - 1 : Math.max(0, at - 1));
    else if (at >= 0 && at < lines.length - 1) moveTo(at + 1);
    else release();
  };

  const keyPressed = (event: KeyboardEvent): void => {
    switch (event.key) {
      case "ArrowUp":
      case "ArrowDown":
        event.preventDefault();
        go(event.key === "ArrowUp" ? -1 : 1);
        break;
      case "End":
      case "Escape":
        event.preventDefault();
        release();
        scroller.current?.focus();
        break;
    }
  };

  const items = virtualizer.getVirtualItems();
  return (
    <div className={styles.frame}>
      <div
        ref={scroller}
        className={styles.scroller}
        role="log"
        aria-live="off"
        aria-label={texts.messages}
        tabIndex={0}
        data-testid="chat-log"
        onScroll={scrolled}
        onPointerMove={pointerMoved}
        onPointerLeave={pointerLeft}
        onKeyDown={keyPressed}
      >
        {lines.length === 0 && view.state === "joined" && <p className={styles.welcome}>{texts.welcome}</p>}
        <div className={styles.space} style={{ height }}>
          <div className={styles.shown} style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
            {items.map(({ index, key }) => {
              const line = lines[index];
              if (!line) return null;
              const isCurrent = line.key === current;
              return (
                <LineBox
                  key={key}
                  line={line}
                  index={index}
                  measure={virtualizer.measureElement}
                  isCurrent={isCurrent}
                  hasTools={isCurrent || line.key === pointed}
                />
              );
            })}
          </div>
        </div>
      </div>
      {isModerator && (
        <Suspense>
          <LineKeys scroller={scroller} line={lines[at] ?? null} go={go} />
        </Suspense>
      )}
      {isHeld && isReading && <NewerBar newer={view.newer} onClick={release} />}
      {isHeld && !isReading && view.newer > 0 && <p className={styles.waiting}>{texts.newer(view.newer, format.count(view.newer))}</p>}
    </div>
  );
});

/** The first thing in a line that can be acted on: its name, mostly. Where there is none, the line itself. */
function focusOn(line: HTMLElement | null | undefined): void {
  (line?.querySelector<HTMLElement>("button") ?? line)?.focus({ preventScroll: true });
}

interface LineBoxProps {
  readonly line: Line;
  readonly index: number;
  readonly measure: (element: Element | null) => void;
  readonly isCurrent: boolean;
  readonly hasTools: boolean;
}

const LineBox = memo(function LineBox({ line, index, measure, isCurrent, hasTools }: LineBoxProps): ReactNode {
  const box = useRef<HTMLDivElement | null>(null);
  const hold = useCallback(
    (element: HTMLDivElement | null) => {
      box.current = element;
      measure(element);
    },
    [measure],
  );
  useEffect(() => {
    if (isCurrent) focusOn(box.current);
  }, [isCurrent]);
  useEffect(() => {
    // What had the focus may be gone with what was deleted; the keys go on from here.
    if (isCurrent && document.activeElement === document.body) focusOn(box.current);
  }, [isCurrent, line]);
  return (
    <div
      ref={hold}
      data-index={index}
      data-key={line.key}
      tabIndex={isCurrent ? -1 : undefined}
      className={cx(styles.line, isCurrent && styles.current)}
    >
      <Row line={line} isCurrent={isCurrent} />
      {hasTools && line.kind === "message" && !line.isStruck && <Toolbar message={line.message} isCurrent={isCurrent} />}
    </div>
  );
});

function NewerBar({ newer, onClick }: { newer: number; onClick: () => void }): ReactNode {
  const { texts } = useChat();
  const format = useFormat();
  return (
    <button type="button" className={styles.newer} onClick={onClick} data-testid="chat-newer">
      <Icon name="chevron-down" size={16} />
      <span>{texts.newer(newer, format.count(newer))}</span>
      <span className="visually-hidden">{texts.toNewest}</span>
    </button>
  );
}
