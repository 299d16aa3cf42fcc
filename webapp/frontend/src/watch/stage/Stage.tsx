/** The player as the page has it: the controller of what plays, and everything that lies over the picture. */

import { Suspense, useEffect, useRef, useState, useSyncExternalStore, type MouseEvent, type ReactNode } from "react";

import { assetPath } from "../../api/assets";
import type { Channel } from "../../api/types";
import { useSite } from "../../app/session";
import { useTexts } from "../../i18n";
import { Button, cx, Icon } from "../../ui";
import { StageCommands } from "./commands";
import { StageController } from "./controller";
import { Controls, type Theatre } from "./Controls";
import { Gate, HelpDialog, MatureGate, Stats } from "./lazy";
import { recallMature, recallShortcuts, recallSound, rememberMature, rememberShortcuts } from "./memory";
import { messageFor } from "./messages";
import { Overlay } from "./Overlay";
import styles from "./Stage.module.css";
import { TEXTS } from "./texts";
import { useIdle } from "./useIdle";
import { useKeys } from "./useKeys";
import { useCaptions } from "./useVideo";

export interface StageProps {
  readonly login: string;
  /** Null while it is not known. */
  readonly channel: Channel | null;
  /** It cannot be asked for now. */
  readonly failed: boolean;
  readonly refresh: (afterS: number) => void;
  readonly onViewers: (viewers: number) => void;
  /** The broadcast was played to its end, or is not any more. */
  readonly onOver: (over: boolean) => void;
  readonly theatre: Theatre | null;
  readonly subscribe: (() => void) | null;
  /** On another site's page: where this one is. */
  readonly framed?: { readonly href: string; readonly name: string } | null;
  /** False: a click begins. */
  readonly autoplay?: boolean;
  readonly muted?: boolean;
  readonly children?: ReactNode;
}

interface Made {
  readonly stage: HTMLElement;
  readonly video: HTMLVideoElement;
  readonly controller: StageController;
  readonly commands: StageCommands;
}

/** What comes back to the page must not start it anew: only `login` and where media is do. */
function useStage(props: StageProps): readonly [Made | null, (element: HTMLElement | null) => void, (element: HTMLVideoElement | null) => void] {
  const { hls: hlsUrl } = useSite().urls;
  const { login, muted = false } = props;
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  const [stage, setStage] = useState<HTMLElement | null>(null);
  const [video, setVideo] = useState<HTMLVideoElement | null>(null);
  const [made, setMade] = useState<Made | null>(null);
  useEffect(() => {
    if (stage === null || video === null) {
      return;
    }
    const sound = recallSound();
    video.volume = sound.volume;
    video.muted = sound.muted || muted;
    const controller = new StageController({
      login,
      video,
      hlsUrl,
      refresh: (afterS) => {
        latest.current.refresh(afterS);
      },
      onViewers: (viewers) => {
        latest.current.onViewers(viewers);
      },
    });
    setMade({ stage, video, controller, commands: new StageCommands(stage, video, controller) });
    return () => {
      controller.close();
      setMade(null);
    };
  }, [stage, video, login, hlsUrl, muted]);
  return [made, setStage, setVideo];
}

const NEVER = (): (() => void) => () => undefined;

export function Stage(props: StageProps): ReactNode {
  const { login, channel, failed, theatre, subscribe, framed = null, autoplay = true, children, onOver } = props;
  const texts = useTexts(TEXTS);
  const [made, setStage, setVideo] = useStage(props);
  const view = useSyncExternalStore(made?.controller.subscribe ?? NEVER, () => made?.controller.view ?? null);
  const [read, setRead] = useState(() => recallMature(login));
  const [begun, setBegun] = useState(false);
  const [clicked, setClicked] = useState(autoplay);
  const [stats, setStats] = useState(false);
  const [help, setHelp] = useState(false);
  const [shortcuts, setShortcuts] = useState(recallShortcuts);
  const captions = useCaptions(made?.video ?? null);
  // Whoever watches already has seen what there is to see.
  const mature = channel?.is_mature === true && channel.is_live && !read && !begun;
  const held = mature || !clicked;
  const controller = made?.controller ?? null;

  useEffect(() => {
    if (controller === null || held) {
      return;
    }
    if (channel !== null) {
      controller.channelIs(channel);
      setBegun(channel.is_live);
    } else if (failed) {
      controller.channelUnknown();
    }
  }, [controller, channel, failed, held]);
  const over = view?.over ?? false;
  useEffect(() => {
    onOver(over);
  }, [over, onOver]);
  useIdle(made?.stage ?? null, made?.video ?? null);
  useKeys(made, shortcuts, {
    captions: captions.toggle,
    theatre: () => theatre?.toggle(),
    stats: () => {
      setStats((on) => !on);
    },
    help: () => {
      setHelp((on) => !on);
    },
  });

  const player = controller?.player ?? null;
  const refusal = held ? null : (view?.refusal ?? null);
  const state = held ? "paused" : (view?.state ?? "starting");
  const name = channel?.broadcaster_name ?? login;
  const gated = mature || refusal !== null;
  const message = gated || view === null ? null : messageFor(view.state, name, view.missing, texts);
  const away = (state === "offline" || state === "ended") && channel?.is_live !== true;
  const picture = away ? assetPath(channel?.offline_image_url) : undefined;
  return (
    <section
      ref={setStage}
      className={cx(styles.stage, gated && styles.gated)}
      aria-label={texts.player}
      data-testid="player"
      data-state={refusal === null ? state : "refused"}
    >
      <video
        ref={setVideo}
        playsInline
        onClick={(event) => {
          if (!isTouch(event)) {
            made?.commands.toggle(); // a finger that taps wants to see the buttons
          }
        }}
        onDoubleClick={made?.commands.toggleFullscreen}
      />
      {!held && (
        <Overlay
          message={message}
          picture={picture}
          trouble={view?.trouble ?? null}
          action={state === "blocked" && player !== null ? { name: texts.play, act: () => { player.play(); } } : null}
        />
      )}
      {!clicked && !mature && (
        <button
          type="button"
          className={styles.begin}
          aria-label={texts.play}
          onClick={() => {
            setClicked(true);
          }}
        >
          <Icon name="play" size={44} />
        </button>
      )}
      <Suspense>
        {mature && (
          <MatureGate
            name={name}
            labels={channel.content_classification_labels}
            framed={framed !== null}
            go={() => {
              rememberMature(login);
              setRead(true);
              setClicked(true);
            }}
          />
        )}
        {refusal !== null && controller !== null && (
          <Gate
            key={refusal.reason === "wrong_password" ? "password_required" : refusal.reason}
            login={login}
            refusal={refusal}
            controller={controller}
            trouble={view?.trouble ?? null}
            subscribe={subscribe}
            framed={framed}
          />
        )}
      </Suspense>
      {view?.silenced === true && made !== null && (
        <Button className={styles.unmute} kind="primary" icon="muted" onClick={made.commands.toggleMute}>
          {texts.unmuteTip}
        </Button>
      )}
      {children}
      {made !== null && player !== null && stats && (
        <Suspense>
          <Stats
            player={player}
            video={made.video}
            close={() => {
              setStats(false);
            }}
          />
        </Suspense>
      )}
      {made !== null && player !== null && !gated && state !== "offline" && state !== "ended" && state !== "unsupported" && (
        <Controls
          {...made}
          player={player}
          captions={captions}
          theatre={theatre}
          stats={{ on: stats, toggle: () => { setStats(!stats); } }}
          help={() => {
            setHelp(true);
          }}
        />
      )}
      {help && (
        <Suspense>
          <HelpDialog
            onClose={() => {
              setHelp(false);
            }}
            shortcuts={shortcuts}
            onShortcuts={(on) => {
              rememberShortcuts(on);
              setShortcuts(on);
            }}
            theatre={theatre !== null}
          />
        </Suspense>
      )}
    </section>
  );
}

function isTouch(event: MouseEvent): boolean {
  return (event.nativeEvent as { pointerType?: string }).pointerType === "touch";
}
