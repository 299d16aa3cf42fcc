import type { ReactNode } from "react";

import { usePages } from "../../api/pages";
import { Link } from "../../app/router";
import { useSession } from "../../app/session";
import { useFormat, useTexts } from "../../i18n";
import { Button, ErrorNote, Icon, Skeleton, Time, type IconName } from "../../ui";
import styles from "./activity.module.css";
import { NAME, TEXTS } from "./texts";

const REFRESH_MS = 10_000;
const PAGE = 30;
const FEW = 8;

/** One row of the feed, as the API has it. */
export interface Activity {
  readonly id: string;
  readonly type: string;
  /** RFC 3339. */
  readonly at: string;
  /** Null: a gift of somebody who does not say who they are, or whose account is gone. */
  readonly user_login: string | null;
  readonly user_name: string | null;
  readonly tier: string | null;
  readonly months: number | null;
  readonly count: number | null;
  readonly recipient_name: string | null;
  readonly viewers: number | null;
}

const ICONS: Readonly<Record<string, IconName>> = { follow: "heart", subscription: "star", resubscription: "star", gift: "gift", raid: "users" };

/** Who followed, subscribed, gave and raided. `login` in lower case; `short`: the last few. */
export function ActivityFeed({ login, short = false }: { login: string; short?: boolean }): ReactNode {
  const texts = useTexts(TEXTS);
  const { user } = useSession();
  const pages = usePages<Activity>(["activity", login], `/channels/${login}/activity`, { first: short ? FEW : PAGE }, { enabled: user !== null, refreshMs: REFRESH_MS });
  const { rows, error, refetch } = pages;
  if (rows === undefined) return error === null ? <Skeleton height="120px" /> : <ErrorNote error={error} retry={refetch} />;
  return (
    <>
      <ErrorNote error={error} retry={refetch} />
      {rows.length === 0 && (
        <div>
          <p>{texts.none}</p>
          <p className={styles.quiet}>{texts.noneText}</p>
        </div>
      )}
      <ol className={styles.feed} aria-label={texts.label} data-testid="activity">
        {(short ? rows.slice(0, FEW) : rows).map((row) => (
          <Row key={row.id} row={row} />
        ))}
      </ol>
      {!short && pages.hasNextPage && (
        <div>
          <Button busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
            {texts.more}
          </Button>
        </div>
      )}
    </>
  );
}

function Row({ row }: { row: Activity }): ReactNode {
  const [before = "", after = ""] = useSentence(row).split(NAME);
  const texts = useTexts(TEXTS);
  return (
    <li className={styles.row} data-type={row.type}>
      <Icon name={ICONS[row.type] ?? "info"} size={18} />
      <span className={styles.what}>
        {before}
        {row.user_login === null ? (
          texts.somebody
        ) : (
          <Link to={`/${row.user_login}`}>
            <bdi>{row.user_name ?? row.user_login}</bdi>
          </Link>
        )}
        {after}
      </span>
      <span className={styles.when}>
        <Time value={row.at} />
      </span>
    </li>
  );
}

function useSentence(row: Activity): string {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const tier = row.tier === null ? "" : texts.tier(String(Number(row.tier) / 1000));
  switch (row.type) {
    case "follow":
      return texts.follow;
    case "subscription":
      return texts.subscription(tier);
    case "resubscription":
      return texts.resubscription(tier, format.number(row.months ?? 1));
    case "gift":
      return row.recipient_name === null ? texts.gift(format.number(row.count ?? 1), tier) : texts.giftTo(row.recipient_name, tier);
    case "raid":
      return texts.raid(format.number(row.viewers ?? 0));
    default:
      return texts.other;
  }
}
