import type { ReactNode } from "react";

import { useTexts } from "../../i18n";
import { ButtonLink, cx, ErrorNote, Icon, Skeleton, Spinner, Time } from "../../ui";
import { useIngest, type Ingest } from "../data";
import { Numbers, Verdict } from "../Health";
import { dashboardPath } from "../sections";
import styles from "./live.module.css";
import { TEXTS } from "./texts";

/** Somebody sits there and waits. */
const LOOK_MS = 1000;

/** What arrives: waits, turns green with the first packet, and names what is wrong. */
export function Waiting({ login }: { login: string }): ReactNode {
  const { data, error, refetch } = useIngest(login, LOOK_MS);
  if (data === undefined) return error === null ? <Skeleton height="120px" /> : <ErrorNote error={error} retry={refetch} />;
  return (
    <>
      <ErrorNote error={error} />
      <State login={login} ingest={data} />
    </>
  );
}

type Shown = "waiting" | "connecting" | "live" | "away" | "refused";

function shownOf({ state, is_connected: isConnected }: Ingest): Shown {
  if (state === "live") return isConnected ? "live" : "away";
  return state === "connecting" || state === "refused" ? state : "waiting";
}

function State({ login, ingest }: { login: string; ingest: Ingest }): ReactNode {
  const texts = useTexts(TEXTS);
  const shown = shownOf(ingest);
  const { last_refusal: refusal } = ingest;
  return (
    <div className={cx(styles.state, styles[shown])} data-testid="ingest-state" data-state={shown}>
      <div role="status" className={styles.stateHead}>
        {shown === "waiting" || shown === "connecting" ? <Spinner size={22} /> : <Icon name={shown === "live" ? "check" : "alert"} size={26} />}
        <h3>{texts[shown]}</h3>
      </div>
      {shown === "waiting" && <p>{texts.waitingText}</p>}
      {shown === "connecting" && <p>{texts.connectingText}</p>}
      {shown === "refused" && refusal !== null && (
        <>
          <p className={styles.sentence}>
            <bdi>{refusal.description}</bdi> (<Time value={refusal.at} />)
          </p>
          <p>{texts.refusedAgain}</p>
        </>
      )}
      {shown === "live" && <p>{texts.liveText}</p>}
      {(shown === "live" || shown === "away") && (
        <>
          <Verdict ingest={ingest} />
          <Numbers ingest={ingest} />
          <div className={styles.actions}>
            <ButtonLink kind="primary" to={dashboardPath(login, "stream")}>
              {texts.manage}
            </ButtonLink>
            <ButtonLink to={`/${login}`}>{texts.watch}</ButtonLink>
          </div>
        </>
      )}
    </div>
  );
}
