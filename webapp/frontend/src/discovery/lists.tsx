/** Lists that go on as one scrolls, and what is seen while there is nothing in them. */

import { useEffect, useRef, type ReactNode } from "react";

import type { Pages } from "../api/pages";
import type { Stream } from "../api/types";
import { useTexts } from "../i18n";
import { Button, cx, ErrorNote, Skeleton, SpinnerPage } from "../ui";
import cards from "./cards.module.css";
import styles from "./page.module.css";
import { StreamCard } from "./StreamCard";
import { TEXTS } from "./texts";

/** So far below the window the next page is asked for. */
const AHEAD_PX = 900;

export interface ListProps<T> {
  readonly pages: Pages<T>;
  /** Draws the rows there are. */
  readonly children: (rows: readonly T[]) => ReactNode;
  /** Instead of an empty list. */
  readonly empty: ReactNode;
  /** While the first page is on its way. */
  readonly waiting?: ReactNode;
}

/** A list read page by page: waiting, empty, wrong, or there, with more below it. */
export function List<T>({ pages, children, empty, waiting }: ListProps<T>): ReactNode {
  const texts = useTexts(TEXTS);
  const { rows, error } = pages;
  if (rows === undefined) {
    return error === null ? (
      (waiting ?? <SpinnerPage label={texts.loading} />)
    ) : (
      <ErrorNote error={error} retry={() => pages.refetch()} />
    );
  }
  return (
    <>
      {error !== null && <ErrorNote error={error} retry={() => pages.refetch()} />}
      {rows.length === 0 ? empty : children(rows)}
      <More pages={pages} />
    </>
  );
}

/** Reads on when it comes near the window; a button for those who do not scroll. */
function More<T>({ pages }: { pages: Pages<T> }): ReactNode {
  const texts = useTexts(TEXTS);
  const end = useRef<HTMLDivElement>(null);
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = pages;
  const ready = hasNextPage && !isFetchingNextPage && !isFetchNextPageError;
  useEffect(() => {
    const element = end.current;
    if (!ready || element === null) {
      return;
    }
    const seen = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) {
          void fetchNextPage();
        }
      },
      { rootMargin: `${AHEAD_PX}px` },
    );
    seen.observe(element);
    return () => {
      seen.disconnect();
    };
  }, [ready, fetchNextPage]);
  if (!hasNextPage) {
    return null;
  }
  return (
    <div className={styles.more} ref={end}>
      <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
        {texts.more}
      </Button>
    </div>
  );
}

/** Live streams as cards. */
export function StreamGrid({ streams, withGame = true }: { streams: readonly Stream[]; withGame?: boolean }): ReactNode {
  return (
    <ul className={styles.cards} data-testid="live">
      {streams.map((stream) => (
        <StreamCard key={stream.id} stream={stream} withGame={withGame} />
      ))}
    </ul>
  );
}

/** Where cards will be. */
export function GridSkeleton({ boxes = false, count = 8 }: { boxes?: boolean; count?: number }): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <div className={cx(boxes ? styles.boxes : styles.cards)} role="status">
      <span className="visually-hidden">{texts.loading}</span>
      {Array.from({ length: count }, (_, index) => (
        <div key={index} aria-hidden="true">
          <Skeleton className={boxes ? cards.box : cards.thumb} height="auto" />
          <div className={cards.text}>
            <Skeleton height="1.2em" width="70%" />
          </div>
        </div>
      ))}
    </div>
  );
}
