import type { ReactNode } from "react";

import type { PageProps } from "../app/routes";
import { useTexts } from "../i18n";
import { ErrorNote, Skeleton } from "../ui";
import { TECHNOLOGY, useIngest, useSeries } from "./data";
import { Dock } from "./Dock";
import { Numbers, SeriesGraphs, Status, Verdict } from "./Health";
import { TEXTS } from "./health.texts";

const LOOK_MS = 3000;

/** `/popout/LOGIN/health`: how the stream arrives, as a dock. */
export default function HealthDockPage({ params }: PageProps): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <Dock login={params.login ?? ""} needs="editor" title={texts.healthOf}>
      {(_channel, login) => <Health login={login} />}
    </Dock>
  );
}

function Health({ login }: { login: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const { data: ingest, error, refetch } = useIngest(login, LOOK_MS);
  const series = useSeries(login, ingest?.stream_id ?? null, TECHNOLOGY, true);
  if (ingest === undefined) return error === null ? <Skeleton height="160px" /> : <ErrorNote error={error} retry={refetch} />;
  if (ingest.state !== "live") {
    return (
      <div role="status">
        <h2>{ingest.state === "refused" ? texts.refused : texts.offline}</h2>
        <p>
          {ingest.state === "refused" ? <bdi>{ingest.last_refusal?.description}</bdi> : ingest.state === "connecting" ? texts.connecting : texts.offlineText}
        </p>
      </div>
    );
  }
  return (
    <>
      <ErrorNote error={error} />
      <Status ingest={ingest} />
      <Verdict ingest={ingest} />
      <Numbers ingest={ingest} />
      <SeriesGraphs answer={series.data} names={TECHNOLOGY} />
    </>
  );
}
