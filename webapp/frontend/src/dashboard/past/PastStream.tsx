import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { ApiError, get } from "../../api/client";
import { usePages } from "../../api/pages";
import type { Data, Schemas } from "../../api/types";
import { useFormat, useTexts } from "../../i18n";
import { ButtonLink, Empty, ErrorNote, Skeleton } from "../../ui";
import { AUDIENCE, first, TECHNOLOGY, useSeries } from "../data";
import { SeriesGraphs } from "../Health";
import { Issues } from "../Issues";
import { Panel } from "../Panel";
import { dashboardPath } from "../sections";
import { Figures } from "./Figures";
import styles from "./past.module.css";
import { TEXTS } from "./texts";

const NAMES = [...AUDIENCE, ...TECHNOLOGY];

/** One broadcast that is over: its numbers, its graphs, and what the streamer was told. `id`: of the address, whatever it is. */
export function PastStream({ login, id }: { login: string; id: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const series = useSeries(login, id, NAMES, false);
  const listed = usePages<Schemas["PastBroadcast"]>(["broadcasts", login], `/channels/${login}/broadcasts`, { first: 20 });
  // One that is further back than the first page of the list is shown without its numbers.
  const broadcast = listed.rows?.find((one) => one.id === id);
  const health = useQuery({
    queryKey: ["stream-health", id],
    queryFn: async ({ signal }) => first(await get<Data<Schemas["StreamHealth"]>>(`/streams/${encodeURIComponent(id)}/health`, { minutes: 1 }, signal)),
    enabled: series.data !== undefined,
  });
  const back = <ButtonLink icon="back" to={dashboardPath(login, "streams")}>{texts.back}</ButtonLink>;
  if (series.error instanceof ApiError && (series.error.status === 404 || series.error.status === 400)) {
    return <Empty icon="clock" title={texts.gone} action={back} />;
  }
  if (series.data === undefined) {
    return series.error === null ? <Skeleton height="320px" /> : <ErrorNote error={series.error} retry={series.refetch} />;
  }
  const { issues } = health.data ?? { issues: undefined };
  return (
    <>
      <div>{back}</div>
      <section className={styles.panel}>
        <div>
          <h2 className={styles.name}>
            <bdi>{broadcast === undefined ? texts.one : broadcast.title === "" ? texts.untitled : broadcast.title}</bdi>
          </h2>
          <p className={styles.meta}>{format.dateTime(series.data.started_at)}</p>
        </div>
        {broadcast !== undefined && <Figures broadcast={broadcast} whole />}
      </section>
      <Panel title={texts.audience}>
        <SeriesGraphs answer={series.data} names={AUDIENCE} />
      </Panel>
      <Panel title={texts.technology}>
        <SeriesGraphs answer={series.data} names={TECHNOLOGY} />
      </Panel>
      <Panel title={texts.advice}>
        <ErrorNote error={health.error} retry={health.refetch} />
        {issues !== undefined && (issues.length === 0 ? <p>{texts.noAdvice}</p> : <Issues issues={issues} />)}
      </Panel>
    </>
  );
}
