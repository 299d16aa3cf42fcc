import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";

import { Section } from "../../../account/settings/Section";
import { download } from "../../../account/settings/files";
import { ApiError, send } from "../../../api/client";
import type { Pages } from "../../../api/pages";
import { useFormat, useTexts } from "../../../i18n";
import { Button, ErrorNote, IconButton, Skeleton, TextField, useMutationOnce, useToast } from "../../../ui";
import kit from "../kit/Kit.module.css";
import styles from "./Terms.module.css";
import type { Term } from "./TermsPage";
import { MAX_TERMS } from "./terms";
import { TEXTS } from "./texts";

const ROW_PX = 41;
/** When so few rows are left below, more are read. */
const AHEAD = 20;

export interface TermListProps {
  readonly pages: Pages<Term>;
  readonly path: string;
  readonly login: string;
  readonly onRemoved: (id: string) => void;
}

/** All that is blocked: as many rows as are seen, however many there are. */
export function TermList({ pages, path, login, onRemoved }: TermListProps): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const toast = useToast();
  const [sought, setSought] = useState("");
  const [wantsAll, setWantsAll] = useState<"" | "find" | "file">("");
  const { rows, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  const unblock = useMutationOnce<unknown, Term>({
    mutationFn: ({ id }) => send("DELETE", `${path}/${id}`),
    onSuccess: (_, { id, text }) => {
      onRemoved(id);
      toast({ kind: "ok", text: texts.unblocked(text) });
    },
    onError: (error, { id }) => {
      if (error instanceof ApiError && error.status === 404) onRemoved(id); // somebody else was faster
    },
  });
  const isReadingAll = wantsAll !== "" && hasNextPage && error === null;
  useEffect(() => {
    if (isReadingAll && !isFetchingNextPage) void fetchNextPage();
  }, [isReadingAll, isFetchingNextPage, fetchNextPage]);
  const isFileWanted = wantsAll === "file" && !hasNextPage && rows !== undefined;
  useEffect(() => {
    if (!isFileWanted) return;
    const lines = rows.filter((term) => !term.is_regex).map((term) => term.text);
    download(`${login}-blocked-terms.txt`, "text/plain", `${lines.join("\n")}\n`);
    toast({ kind: "ok", text: texts.exported });
    setWantsAll("");
  }, [isFileWanted, rows, login, toast, texts]);
  const wanted = sought.trim().toLowerCase();
  const found = useMemo(() => (rows ?? []).filter(({ text }) => wanted === "" || text.toLowerCase().includes(wanted)), [rows, wanted]);
  const counted = rows === undefined ? "" : hasNextPage ? texts.countSome(format.number(rows.length)) : texts.count(format.number(rows.length), format.number(MAX_TERMS));
  return (
    <Section title={texts.list} text={counted}>
      <ErrorNote error={unblock.error ?? error} retry={unblock.error === null ? refetch : undefined} />
      {rows === undefined && error === null && <Skeleton height="160px" />}
      {rows?.length === 0 && <p className={kit.quiet}>{texts.none}</p>}
      {rows !== undefined && rows.length > 0 && (
        <>
          <div className={kit.narrow}>
            <TextField
              label={texts.filter}
              type="search"
              value={sought}
              maxLength={100}
              autoComplete="off"
              onChange={(text) => {
                setSought(text);
                if (text.trim() !== "") setWantsAll("find");
              }}
            />
          </div>
          <p role="status" className={kit.quiet}>
            {isReadingAll ? texts.loadingAll(format.number(rows.length)) : found.length === 0 ? texts.noMatch : ""}
          </p>
          <Scroller
            terms={found}
            isBusy={unblock.isPending}
            onUnblock={unblock.mutate}
            onEnd={() => {
              if (hasNextPage && !isFetchingNextPage && error === null) void fetchNextPage();
            }}
          />
          <div className={kit.actions}>
            <Button
              icon="download"
              busy={isReadingAll && wantsAll === "file"}
              onClick={() => {
                setWantsAll("file");
              }}
            >
              {texts.export}
            </Button>
          </div>
        </>
      )}
    </Section>
  );
}

interface ScrollerProps {
  readonly terms: readonly Term[];
  readonly isBusy: boolean;
  readonly onUnblock: (term: Term) => void;
  readonly onEnd: () => void;
}

function Scroller({ terms, isBusy, onUnblock, onEnd }: ScrollerProps): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: terms.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 8,
    getItemKey: (index) => terms[index]?.id ?? index,
    useFlushSync: false,
  });
  const items = virtualizer.getVirtualItems();
  const isNearEnd = (items.at(-1)?.index ?? 0) >= terms.length - AHEAD;
  const end = useRef(onEnd);
  useEffect(() => {
    end.current = onEnd;
  });
  useEffect(() => {
    if (isNearEnd && terms.length > 0) end.current();
  }, [isNearEnd, terms.length]);
  return (
    <div ref={scroller} className={styles.scroller} tabIndex={0} role="group" aria-label={texts.list}>
      <div className={styles.space} style={{ height: virtualizer.getTotalSize() }}>
        <ul className={styles.shown} style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }} data-testid="terms">
          {items.map(({ index, key }) => {
            const term = terms[index];
            if (term === undefined) return null;
            return (
              <li key={key} className={styles.term} data-index={index} ref={virtualizer.measureElement} aria-setsize={terms.length} aria-posinset={index + 1}>
                <bdi className={styles.text}>{term.text}</bdi>
                {term.is_regex && <span className={styles.meta}>{texts.regex}</span>}
                {term.expires_at !== null && (
                  <span className={styles.meta}>
                    {texts.until} {format.dateTime(term.expires_at)}
                  </span>
                )}
                <IconButton icon="trash" size="small" label={texts.unblockOf(term.text)} disabled={isBusy} onClick={() => { onUnblock(term); }} />
              </li>
            );
          })}
        </ul>
      </div>
    </div>
  );
}
