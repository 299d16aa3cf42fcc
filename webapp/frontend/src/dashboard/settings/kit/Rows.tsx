import type { ReactNode } from "react";

import type { Pages } from "../../../api/pages";
import { useTexts } from "../../../i18n";
import { Button, ErrorNote, Skeleton } from "../../../ui";
import styles from "../../../account/settings/settings.module.css";
import { TEXTS } from "./texts";

export interface RowsProps<T extends object> {
  readonly pages: Pages<T>;
  readonly testId: string;
  /** What is said where there are none. */
  readonly empty: string;
  readonly label?: string;
  readonly children: (row: T) => ReactNode;
}

/** A list of what there is, read on by a button. `children` gives `<li>`s. */
export function Rows<T extends object>({ pages, testId, empty, label, children }: RowsProps<T>): ReactNode {
  const texts = useTexts(TEXTS);
  const { rows, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  return (
    <>
      {rows === undefined && <ErrorNote error={error} retry={refetch} />}
      {rows === undefined && error === null && <Skeleton height="48px" />}
      {rows?.length === 0 && <p className={styles.quiet}>{empty}</p>}
      {rows !== undefined && rows.length > 0 && (
        <ul className={styles.rows} data-testid={testId} aria-label={label}>
          {rows.map(children)}
        </ul>
      )}
      {hasNextPage && (
        <div className={styles.actions}>
          <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {texts.more}
          </Button>
        </div>
      )}
    </>
  );
}
