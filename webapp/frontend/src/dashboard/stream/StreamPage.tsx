/** The stream manager: what goes out, how it arrives, who watches, and what it is called. */

import { lazy, Suspense, useState, type ReactNode } from "react";

import type { Channel } from "../../api/types";
import { useSession } from "../../app/session";
import { useFormat, useTexts } from "../../i18n";
import { Button, ButtonLink, Empty, ErrorNote, LiveBadge, Skeleton, Uptime } from "../../ui";
import { useChannel } from "../../watch/useChannel";
import { ActivityFeed } from "../activity/ActivityFeed";
import { AUDIENCE, TECHNOLOGY, useIngest, useSeries, type Ingest } from "../data";
import { Numbers, SeriesGraphs, Status, Verdict } from "../Health";
import { TestPictureBox } from "../live/TestPictureBox";
import { Panel } from "../Panel";
import { dashboardPath, type SectionProps } from "../sections";
import { Docks } from "./Docks";
import { QuickEdit } from "./QuickEdit";
import styles from "./stream.module.css";
import { TEXTS } from "./texts";

const Preview = lazy(() => import("./Preview"));

const LOOK_MS = 3000;
const HIDDEN = "weir-preview-hidden";

export default function StreamPage({ login, channel: given }: SectionProps): ReactNode {
  const texts = useTexts(TEXTS);
  const { channel, viewers, refresh } = useChannel(login);
  const shown = channel ?? given;
  const ingest = useIngest(login, LOOK_MS);
  return (
    <div className={styles.page}>
      <div className={styles.column}>
        <NowPanel channel={shown} viewers={viewers} ingest={ingest.data} />
        {shown.is_live ? <PreviewPanel login={login} channel={shown} refresh={refresh} /> : <OfflinePanel login={login} channel={shown} />}
        {shown.is_live && <LivePanels login={login} ingest={ingest.data} error={ingest.error} streamId={shown.stream_id} />}
      </div>
      <div className={styles.column}>
        <Panel title={texts.edit} className={styles.edit}>
          <QuickEdit login={login} channel={shown} />
        </Panel>
        <Panel title={texts.activity}>
          <ActivityFeed login={login} short />
        </Panel>
        <Docks login={login} />
      </div>
    </div>
  );
}

function NowPanel({ channel, viewers, ingest }: { channel: Channel; viewers: number | null; ingest: Ingest | undefined }): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  return (
    <section className={styles.now} aria-label={texts.stateTitle} data-testid="now">
      <dl className={styles.facts}>
        <div>
          <dt>{texts.stateTitle}</dt>
          <dd data-testid="live-state">{channel.is_live ? <LiveBadge /> : texts.offline}</dd>
        </div>
        {channel.is_live && channel.started_at !== null && (
          <div>
            <dt>{texts.uptime}</dt>
            <dd>
              <Uptime since={channel.started_at} />
            </dd>
          </div>
        )}
        {channel.is_live && (
          <div>
            <dt>{texts.viewers}</dt>
            <dd data-testid="dashboard-viewers">{format.number(viewers ?? 0)}</dd>
          </div>
        )}
        <div>
          <dt>{texts.followers}</dt>
          <dd>{format.count(channel.follower_count)}</dd>
        </div>
        {channel.is_live && ingest?.state === "live" && (
          <div>
            <dt>{texts.health}</dt>
            <dd>
              <Status ingest={ingest} />
            </dd>
          </div>
        )}
      </dl>
    </section>
  );
}

function OfflinePanel({ login, channel }: { login: string; channel: Channel }): ReactNode {
  const texts = useTexts(TEXTS);
  const { user } = useSession();
  const title = user?.login === login ? texts.offlineTitle : texts.offlineTitleOf(channel.broadcaster_name);
  return (
    <section className={styles.panel}>
      <Empty
        icon="megaphone"
        title={title}
        text={texts.offlineText}
        action={
          <ButtonLink kind="primary" to={dashboardPath(login, "live")}>
            {texts.goLive}
          </ButtonLink>
        }
      />
      <TestPictureBox login={login} />
    </section>
  );
}

interface PreviewPanelProps {
  readonly login: string;
  readonly channel: Channel;
  readonly refresh: (afterS: number) => void;
}

function PreviewPanel({ login, channel, refresh }: PreviewPanelProps): ReactNode {
  const texts = useTexts(TEXTS);
  const [isHidden, setIsHidden] = useState(() => localStorage.getItem(HIDDEN) === "1");
  return (
    <Panel
      title={texts.preview}
      action={
        <Button
          size="small"
          icon={isHidden ? "eye" : "eye-off"}
          onClick={() => {
            localStorage.setItem(HIDDEN, isHidden ? "0" : "1");
            setIsHidden(!isHidden);
          }}
        >
          {isHidden ? texts.showPreview : texts.hidePreview}
        </Button>
      }
    >
      {isHidden ? (
        <p className={styles.quiet}>{texts.previewOff}</p>
      ) : (
        <div className={styles.preview} data-testid="preview">
          <Suspense fallback={<Skeleton height="100%" />}>
            <Preview login={login} channel={channel} refresh={refresh} />
          </Suspense>
        </div>
      )}
    </Panel>
  );
}

interface LivePanelsProps {
  readonly login: string;
  readonly ingest: Ingest | undefined;
  readonly error: Error | null;
  readonly streamId: string | null;
}

function LivePanels({ login, ingest, error, streamId }: LivePanelsProps): ReactNode {
  const texts = useTexts(TEXTS);
  const audience = useSeries(login, streamId, AUDIENCE, true);
  const technology = useSeries(login, streamId, TECHNOLOGY, true);
  return (
    <>
      <Panel title={texts.technology}>
        <ErrorNote error={error ?? technology.error} retry={technology.error === null ? undefined : technology.refetch} />
        {ingest?.state === "live" && (
          <>
            <Verdict ingest={ingest} />
            <Numbers ingest={ingest} />
          </>
        )}
        <SeriesGraphs answer={technology.data} names={TECHNOLOGY} />
      </Panel>
      <Panel title={texts.audience}>
        <ErrorNote error={audience.error} retry={audience.refetch} />
        <SeriesGraphs answer={audience.data} names={AUDIENCE} />
      </Panel>
    </>
  );
}
