import type { ReactNode } from "react";

import { usePages } from "../../api/pages";
import type { Schemas } from "../../api/types";
import { Link, useLocation } from "../../app/router";
import { useFormat, useTexts } from "../../i18n";
import { Button, ButtonLink, Empty, ErrorNote, Skeleton } from "../../ui";
import { dashboardPath, type SectionProps } from "../sections";
import { Figures } from "./Figures";
import styles from "./past.module.css";
import { PastStream } from "./PastStream";
import { TEXTS } from "./texts";

export type PastBroadcast = Schemas["PastBroadcast"];

const PAGE = 20;

/** The broadcasts of a channel that are over; with `?stream=ID`, the graphs of one of them. */
export default function PastPage({ login }: SectionProps): ReactNode {
  const { search } = useLocation();
  const id = search.get("stream");
  return id === null ? <List login={login} /> : <PastStream key={id} login={login} id={id} />;
}

function List({ login }: { login: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const pages = usePages<PastBroadcast>(["broadcasts", login], `/channels/${login}/broadcasts`, { first: PAGE });
  const { rows, error, refetch } = pages;
  if (rows === undefined) return error === null ? <Skeleton height="320px" /> : <ErrorNote error={error} retry={refetch} />;
  if (rows.length === 0) {
    return (
      <Empty
        icon="clock"
        title={texts.none}
        text={texts.noneText}
        action={
          <ButtonLink kind="primary" to={dashboardPath(login, "live")}>
            {texts.goLive}
          </ButtonLink>
        }
      />
    );
  }
  return (
    <>
      <ErrorNote error={error} retry={refetch} />
      <ul className={styles.list} data-testid="past-streams">
        {rows.map((one) => (
          <Row key={one.id} login={login} broadcast={one} />
        ))}
      </ul>
      {pages.hasNextPage && (
        <div>
          <Button busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
            {texts.more}
          </Button>
        </div>
      )}
    </>
  );
}

function Row({ login, broadcast }: { login: string; broadcast: PastBroadcast }): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const title = broadcast.title === "" ? texts.untitled : broadcast.title;
  return (
    <li className={styles.row}>
      <div className={styles.what}>
        <Link
          className={styles.title}
          to={`${dashboardPath(login, "streams")}?stream=${broadcast.id}`}
          aria-label={texts.showOf(title, format.dateTime(broadcast.started_at))}
        >
          <bdi>{title}</bdi>
        </Link>
        <span className={styles.meta}>
          {format.dateTime(broadcast.started_at)}
          {broadcast.game_name !== "" && <bdi> · {broadcast.game_name}</bdi>}
        </span>
      </div>
      <Figures broadcast={broadcast} />
    </li>
  );
}
