/** The messages that wait for a moderator: as many elements as are seen, however many wait. */

import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useCallback, useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";

import { useFormat } from "../i18n";
import { Button, cx, Empty, useNow } from "../ui";
import { useModerating } from "./context";
import type { DeskView } from "./desk";
import { actionOf, timeoutOf } from "./keys";
import styles from "./Moderation.module.css";
import type { HoldEntry } from "./queue";

/** About as high as a message is that waits, by how long it is: head, buttons, and its lines. */
const ROW_PX = 78;
const LINE_PX = 21;
const LINE_CHARACTERS = 42;
const OVERSCAN = 5;

function heightOf(characters: number): number {
  return ROW_PX + LINE_PX * Math.ceil(characters / LINE_CHARACTERS);
}

export function QueuePane({ view }: { view: DeskView }): ReactNode {
  const { texts } = useModerating();
  const format = useFormat();
  return (
    <>
      <p className={styles.count} role="status" data-testid="mod-waiting">
        {view.waiting > 0 && texts.waiting(view.waiting, format.count(view.waiting))}
      </p>
      {view.holds.length === 0 ? (
        <Empty icon="check" title={texts.queueEmpty} text={texts.queueEmptyText} />
      ) : (
        <Holds holds={view.holds} />
      )}
    </>
  );
}

function Holds({ holds }: { holds: readonly HoldEntry[] }): ReactNode {
  const { texts, acts, keys, openPerson } = useModerating();
  const scroller = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState<string | null>(null);
  const getItemKey = useCallback((index: number) => holds[index]?.hold.message_id ?? index, [holds]);
  const virtualizer = useVirtualizer({
    count: holds.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => heightOf(holds[index]?.hold.message.length ?? 0),
    overscan: OVERSCAN,
    getItemKey,
    useFlushSync: false,
  });

  const at = holds.findIndex(({ hold }) => hold.message_id === current);
  const goTo = (index: number): void => {
    const entry = holds[Math.max(0, Math.min(holds.length - 1, index))];
    if (!entry) return;
    setCurrent(entry.hold.message_id);
    virtualizer.scrollToIndex(holds.indexOf(entry), { align: "auto" });
  };
  /** The next that waits behind the present one, else the first that does. */
  const goOn = (): void => {
    const isOther = ({ hold, status }: HoldEntry): boolean => status === "waiting" && hold.message_id !== current;
    const behind = holds.findIndex((entry, index) => index > at && isOther(entry));
    const next = behind >= 0 ? behind : holds.findIndex(isOther);
    if (next >= 0) goTo(next);
  };
  const decide = (entry: HoldEntry, isAllowed: boolean): void => {
    void acts.decide(entry.hold.message_id, entry.hold.user_login, isAllowed);
    if (entry.hold.message_id === current) goOn();
  };

  const latest = useRef(decide);
  useEffect(() => {
    latest.current = decide;
  });
  // The same for all drawings: a row is drawn anew only when its entry is another.
  const decideNow = useCallback((entry: HoldEntry, isAllowed: boolean) => {
    latest.current(entry, isAllowed);
  }, []);

  const keyPressed = (event: KeyboardEvent): void => {
    const action = actionOf(keys, event);
    const entry = holds[at];
    const seconds = action === null ? null : timeoutOf(action);
    if (event.key === "ArrowDown" || action === "next") goTo(at + 1);
    else if (event.key === "ArrowUp" || action === "previous") goTo(at - 1);
    else if (entry === undefined || action === null) return;
    else if (action === "allow" || action === "deny") decide(entry, action === "allow");
    else if (action === "person" || action === "warn") openPerson(entry.hold.user_login, action === "warn");
    else if (action === "ban") void acts.ban(entry.hold.user_login, null);
    else if (seconds !== null) void acts.ban(entry.hold.user_login, seconds);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const items = virtualizer.getVirtualItems();
  return (
    <div
      ref={scroller}
      className={styles.scroller}
      role="list"
      aria-label={texts.panes.queue}
      tabIndex={0}
      data-holds
      data-keys="queue"
      onKeyDown={keyPressed}
    >
      <div className={styles.space} style={{ height: virtualizer.getTotalSize() }} role="presentation">
        <div className={styles.shown} style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }} role="presentation">
          {items.map(({ index, key }) => {
            const entry = holds[index];
            return entry === undefined ? null : (
              <Held
                key={key}
                entry={entry}
                index={index}
                count={holds.length}
                isCurrent={entry.hold.message_id === current}
                measure={virtualizer.measureElement}
                decide={decideNow}
                choose={setCurrent}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface HeldProps {
  readonly entry: HoldEntry;
  readonly index: number;
  readonly count: number;
  readonly isCurrent: boolean;
  readonly measure: (element: Element | null) => void;
  readonly decide: (entry: HoldEntry, isAllowed: boolean) => void;
  readonly choose: (messageId: string) => void;
}

const Held = memo(function Held({ entry, index, count, isCurrent, measure, decide, choose }: HeldProps): ReactNode {
  const { texts, openPerson } = useModerating();
  const { hold, status, by } = entry;
  const box = useRef<HTMLDivElement | null>(null);
  const place = useCallback(
    (element: HTMLDivElement | null) => {
      box.current = element;
      measure(element);
    },
    [measure],
  );
  useEffect(() => {
    if (isCurrent && box.current?.contains(document.activeElement) === false) box.current.focus({ preventScroll: true });
  }, [isCurrent]);
  const waits = status === "waiting";
  return (
    <div
      ref={place}
      role="listitem"
      aria-setsize={count}
      aria-posinset={index + 1}
      tabIndex={isCurrent ? 0 : -1}
      data-index={index}
      data-testid="mod-hold"
      data-status={status}
      className={cx(styles.held, isCurrent && styles.current, !waits && styles.settled)}
      onFocus={(event) => {
        if (event.target === event.currentTarget || waits) choose(hold.message_id);
      }}
    >
      <p className={styles.heldHead}>
        <PersonButton login={hold.user_login} name={hold.user_name} open={openPerson} />
        <span className={styles.tag}>{texts.reasons[hold.category] ?? texts.reasons[hold.held_for] ?? hold.category}</span>
        {waits && <Left until={hold.expires_at} />}
      </p>
      <bdi className={styles.heldText} dir="auto">
        {hold.message}
      </bdi>
      {waits ? (
        <p className={styles.buttons}>
          <Button
            size="small"
            aria-label={texts.allowOf(hold.user_name)}
            onClick={() => {
              decide(entry, true);
            }}
          >
            {texts.allow}
          </Button>
          <Button
            size="small"
            kind="danger"
            aria-label={texts.denyOf(hold.user_name)}
            onClick={() => {
              decide(entry, false);
            }}
          >
            {texts.deny}
          </Button>
        </p>
      ) : (
        <p className={styles.outcome}>{texts.settled(status, by)}</p>
      )}
    </div>
  );
});

function Left({ until }: { until: string }): ReactNode {
  const { texts } = useModerating();
  const format = useFormat();
  const now = useNow(1_000);
  const seconds = (Date.parse(until) - now) / 1000;
  return Number.isNaN(seconds) ? null : <span className={styles.quiet}>{texts.left(format.duration(seconds))}</span>;
}

export function PersonButton({ login, name, open }: { login: string; name: string; open: (login: string) => void }): ReactNode {
  return (
    <button
      type="button"
      className={styles.person}
      onClick={() => {
        open(login);
      }}
    >
      <bdi>{name}</bdi>
    </button>
  );
}
