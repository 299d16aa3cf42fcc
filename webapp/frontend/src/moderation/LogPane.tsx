/** What was done in the channel, by whom: what is done now comes on top, and back in time as far as somebody reads. */

import { useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";

import { get } from "../api/client";
import type { Page } from "../api/pages";
import { useFormat, useTexts } from "../i18n";
import { Button, Empty, ErrorNote, Icon, Select, SpinnerPage, useNow } from "../ui";
import { useModerating } from "./context";
import { DEEDS } from "./deeds.texts";
import { aboutWhom, factsOf, whichHold, isOfKind, KINDS, quoteOf, reasonOf, withHead, withTail, type Deed, type Kind, type LogRows } from "./log";
import styles from "./Moderation.module.css";
import { PersonButton } from "./QueuePane";
import { listKey } from "./useDesk";

const PAGE = 50;
const ROW_PX = 48;
/** What the room is not told of: roles, terms. */
const REFRESH_MS = 20_000;

async function readLog(login: string, after: string | null, signal?: AbortSignal): Promise<LogRows> {
  const page = await get<Page<Deed>>(`/channels/${login}/moderation-log`, { first: PAGE, after }, signal);
  return { rows: page.data, cursor: page.pagination?.cursor ?? null };
}

export function LogPane(): ReactNode {
  const { login, texts } = useModerating();
  const [kind, setKind] = useState<Kind>("all");
  const [known, setKnown] = useState<LogRows | null>(null);
  const [older, setOlder] = useState<{ readonly isBusy: boolean; readonly error: unknown }>({ isBusy: false, error: null });
  const head = useQuery({
    queryKey: listKey(login, "log"),
    queryFn: ({ signal }) => readLog(login, null, signal),
    refetchInterval: REFRESH_MS,
  });
  const { data } = head;
  useEffect(() => {
    if (data) setKnown((before) => withHead(before, data));
  }, [data]);
  const shown = useMemo(() => known?.rows.filter((deed) => isOfKind(deed, kind)) ?? [], [known, kind]);
  const now = useNow(10_000);
  const undoable = useMemo(() => whichHold(known?.rows ?? [], now), [known, now]);

  const readOlder = async (): Promise<void> => {
    const cursor = known?.cursor ?? null;
    if (cursor === null || older.isBusy) return;
    setOlder({ isBusy: true, error: null });
    try {
      const tail = await readLog(login, cursor);
      // If the list was begun anew meanwhile, this page belongs to what was before.
      setKnown((before) => (before?.cursor === cursor ? withTail(before, tail) : before));
      setOlder({ isBusy: false, error: null });
    } catch (error) {
      setOlder({ isBusy: false, error });
    }
  };

  if (known === null) return head.error === null ? <SpinnerPage label={texts.loading} /> : <ErrorNote error={head.error} retry={head.refetch} />;
  return (
    <>
      <div className={styles.filter}>
        <Select label={texts.kind} value={kind} options={KINDS.map((value) => ({ value, label: texts.logKinds[value] }))} onChange={setKind} />
      </div>
      {shown.length === 0 && known.cursor === null && <Empty icon="clock" title={texts.logEmpty} />}
      <Deeds deeds={shown} undoable={undoable}>
        {older.error !== null && <ErrorNote error={older.error} />}
        {known.cursor !== null && (
          <Button size="small" busy={older.isBusy} onClick={() => void readOlder()}>
            {texts.older}
          </Button>
        )}
      </Deeds>
    </>
  );
}

function Deeds({ deeds, undoable, children }: { deeds: readonly Deed[]; undoable: ReadonlySet<string>; children: ReactNode }): ReactNode {
  const { texts } = useModerating();
  const scroller = useRef<HTMLDivElement>(null);
  const getItemKey = useCallback((index: number) => deeds[index]?.id ?? index, [deeds]);
  const virtualizer = useVirtualizer({
    count: deeds.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 6,
    getItemKey,
    useFlushSync: false,
  });
  const items = virtualizer.getVirtualItems();
  return (
    <div ref={scroller} className={styles.scroller} tabIndex={0} role="region" aria-label={texts.panes.log} data-keys="log">
      <div className={styles.space} style={{ height: virtualizer.getTotalSize() }}>
        <ol className={styles.shown} style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
          {items.map(({ index, key }) => {
            const deed = deeds[index];
            return deed === undefined ? null : (
              <li key={key} ref={virtualizer.measureElement} data-index={index} className={styles.deed} data-testid="mod-deed" data-action={deed.action}>
                <DeedLine deed={deed} canUndo={undoable.has(deed.id)} />
              </li>
            );
          })}
        </ol>
      </div>
      <div className={styles.end}>{children}</div>
    </div>
  );
}

/** One deed; `canUndo`: a ban or timeout that holds. */
export function DeedLine({ deed, canUndo }: { deed: Deed; canUndo: boolean }): ReactNode {
  const { texts, acts, openPerson } = useModerating();
  const deeds = useTexts(DEEDS);
  const format = useFormat();
  const { name, login } = aboutWhom(deed);
  const sentence = deeds[deed.action]?.(factsOf(deed)) ?? texts.otherRule(deed.action, name || (deed.target_id ?? ""));
  const [quote, reason] = [quoteOf(deed), reasonOf(deed)];
  return (
    <>
      <p className={styles.deedHead}>
        <time dateTime={deed.created_at} title={format.dateTime(deed.created_at)}>
          {format.time(deed.created_at)}
        </time>{" "}
        <Actor deed={deed} />{" "}
        <bdi>{sentence}</bdi>
        {login !== "" && (
          <button
            type="button"
            className={styles.look}
            aria-label={`${texts.panes.person}: ${name}`}
            onClick={() => {
              openPerson(login);
            }}
          >
            <Icon name="chevron-right" size={16} />
          </button>
        )}
        {canUndo && (
          <Button
            size="small"
            kind="ghost"
            aria-label={`${texts.undo}: ${sentence}`}
            onClick={() => {
              void acts.unban(login);
            }}
          >
            {texts.undo}
          </Button>
        )}
      </p>
      {quote !== "" && (
        <p className={styles.quote}>
          <bdi dir="auto">{quote}</bdi>
        </p>
      )}
      {reason !== "" && (
        <p className={styles.quiet}>
          <bdi>{texts.reason(reason)}</bdi>
        </p>
      )}
    </>
  );
}

function Actor({ deed }: { deed: Deed }): ReactNode {
  const { texts, openPerson } = useModerating();
  if (deed.actor_login !== null) return <PersonButton login={deed.actor_login} name={deed.actor_login} open={openPerson} />;
  return <b>{deed.details.door === "automatic" || deed.actor_type === "system" ? texts.automatic : texts.somebody}</b>;
}
