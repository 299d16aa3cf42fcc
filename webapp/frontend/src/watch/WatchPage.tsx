/** `/LOGIN`: a channel's player, what is known of its stream, and its chat. */

import { lazy, Suspense, useCallback, useEffect, useState, type ReactNode } from "react";

import type { PageProps } from "../app/routes";
import { useSession, useSite } from "../app/session";
import { navigate, useTitle } from "../app/router";
import { useTexts } from "../i18n";
import { Button, ButtonLink, cx, Empty, IconButton, Skeleton, Spinner } from "../ui";
import { About, useAsked, useIsSold, useOwner } from "./about/About";
import { TEXTS } from "./about/texts";
import { recallTheatre, rememberTheatre } from "./stage/memory";
import { Stage } from "./stage/Stage";
import { TEXTS as STAGE_TEXTS } from "./stage/texts";
import { useChannel, type Watched } from "./useChannel";
import styles from "./WatchPage.module.css";

const Panels = lazy(async () => ({ default: (await import("./about/Panels")).Panels }));
const ChatPanel = lazy(async () => {
  const { ChatPanel: panel } = await import("../chat/ChatPanel");
  return { default: panel };
});

// Needed in a moment, with the first thing that plays; the player says so if it cannot be had.
void import("hls.js").catch(() => undefined);

export default function WatchPage({ params }: PageProps): ReactNode {
  const login = (params.login ?? "").toLowerCase();
  const watched = useChannel(login);
  return watched.channel === null ? <NoChannel login={login} /> : <Page key={login} login={login} watched={watched} />;
}

function NoChannel({ login }: { login: string }): ReactNode {
  const texts = useTexts(TEXTS);
  useTitle(texts.notFound(login));
  return (
    <div data-testid="not-found">
      <h1 className="visually-hidden">{login}</h1>
      <Empty
        icon="search"
        title={texts.notFound(login)}
        text={texts.notFoundText}
        action={
          <ButtonLink kind="primary" to="/">
            {texts.notFoundGo}
          </ButtonLink>
        }
      />
    </div>
  );
}

/** Theatre mode is of the whole window: the shell hides what is its own. */
function useTheatre(): { readonly on: boolean; readonly toggle: () => void } {
  const [on, setOn] = useState(recallTheatre);
  useEffect(() => {
    document.documentElement.toggleAttribute("data-theatre", on);
    return () => {
      document.documentElement.removeAttribute("data-theatre");
    };
  }, [on]);
  const toggle = useCallback(() => {
    setOn((before) => {
      rememberTheatre(!before);
      return !before;
    });
  }, []);
  return { on, toggle };
}

function Page({ login, watched }: { login: string; watched: Watched }): ReactNode {
  const texts = useTexts(TEXTS);
  const { features } = useSite();
  const { user } = useSession();
  const theatre = useTheatre();
  const sold = useIsSold();
  const owner = useOwner(login);
  const [asked, ask] = useAsked();
  const [over, setOver] = useState(false);
  const [chat, setChat] = useState(true);
  const { channel, error, viewers, raid, refresh, onViewers } = watched;
  useTitle(channel?.broadcaster_name ?? login);
  const subscribe = sold && user !== null ? () => { ask("subscribe"); } : null;
  const talks = features.chat === true;
  return (
    <div className={cx(styles.page, theatre.on && styles.theatre, (!talks || !chat) && styles.alone)}>
      <div className={styles.stage}>
        <Stage
          login={login}
          channel={channel ?? null}
          failed={error !== null}
          refresh={refresh}
          onViewers={onViewers}
          onOver={setOver}
          theatre={theatre}
          subscribe={subscribe}
        />
        {talks && (
          <IconButton
            icon={chat ? "expand" : "collapse"}
            label={chat ? texts.hideChat : texts.showChat}
            className={styles.fold}
            onClick={() => {
              setChat(!chat);
            }}
          />
        )}
      </div>
      <div className={styles.info}>
        {error !== null && <Away />}
        {raid !== null && !(talks && chat) && ( // else the chat asks
          <p className={styles.raid} role="status">
            <bdi>{texts.raid(raid.toName)}</bdi>
            <Button
              kind="primary"
              onClick={() => {
                navigate(`/${raid.toLogin}`);
              }}
            >
              {texts.raidGo}
            </Button>
          </p>
        )}
        {channel ? (
          <About
            channel={channel}
            owner={owner ?? null}
            live={channel.is_live && !over}
            viewers={viewers}
            asked={asked}
            ask={ask}
          />
        ) : (
          <div className={styles.waiting}>
            <Skeleton width="40%" height="22px" />
            <Skeleton width="70%" height="18px" />
          </div>
        )}
      </div>
      {talks && chat && (
        <aside className={styles.chat} aria-label={texts.chat}>
          <Suspense fallback={<Spinner />}>
            {channel && <ChatPanel login={login} broadcasterId={channel.broadcaster_id} />}
          </Suspense>
        </aside>
      )}
      <div className={styles.panels}>
        <Suspense>{channel && <Panels channel={channel} user={owner ?? null} />}</Suspense>
      </div>
    </div>
  );
}

function Away(): ReactNode {
  return (
    <p className={styles.away} role="status">
      {useTexts(STAGE_TEXTS).away}
    </p>
  );
}
