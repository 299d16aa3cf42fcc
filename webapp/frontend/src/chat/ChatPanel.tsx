/** The chat of a channel, for the watch page, a window of its own, and frames. It fills what it is put into. */

import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { createPortal } from "react-dom";

import { Link, useLocation } from "../app/router";
import { useSession, useSite } from "../app/session";
import { useTexts } from "../i18n";
import { Button, ButtonLink, cx, Empty, Icon, IconButton } from "../ui";
import { Acts, type Barred } from "./acts";
import styles from "./ChatPanel.module.css";
import { ChatMenu } from "./ChatMenu";
import type { ComposerHandle } from "./Composer";
import { chatConnection } from "./connection";
import { ChatContext, type Chat } from "./context";
import type { ChatMessage } from "./frames";
import { Log } from "./Log";
import { useBadges, useEmotes } from "./pictures";
import { usePreferences } from "./preferences";
import { mayGiveRoles, mayModerate, type RoomView } from "./room";
import { RoomRules } from "./RoomRules";
import { TEXTS } from "./texts";
import { useChatStatus, useRoom } from "./useRoom";
import { useGround } from "./useGround";
import { useReducedMotion } from "./useReducedMotion";

// Who only reads need not load how to write; what is opened by hand comes when it is.
const Composer = lazy(() => import("./Composer"));
const Banners = lazy(() => import("./Banners"));
const PollForm = lazy(() => import("./PollForm"));
const StageBoxes = lazy(() => import("./StageBoxes"));
const ChatSettings = lazy(() => import("./ChatSettings"));
const EmotePicker = lazy(() => import("./EmotePicker"));
const Thread = lazy(() => import("./Thread"));
const UserCard = lazy(() => import("./UserCard"));

export interface ChatPanelProps {
  readonly login: string;
  readonly broadcasterId: string;
  /** It is in a window of its own already, or in a frame. */
  readonly popout?: boolean;
  /** Where it can be hidden: its button does this. */
  readonly onHide?: () => void;
  /** Where what it is in has a head already: its menu goes there, as soon as that is, and it has none of its own. */
  readonly headAt?: Element | null;
  /** Where cards of people have a place of their own: whose, and whether to warn them, is told instead of shown here. */
  readonly onPerson?: (login: string, isWarning: boolean) => void;
  /** Told of bans and timeouts that are done here. */
  readonly onBarred?: Barred;
}

type Overlay =
  | { readonly kind: "card"; readonly login: string; readonly isWarning: boolean }
  | { readonly kind: "thread"; readonly id: string }
  | { readonly kind: "emotes" }
  | { readonly kind: "settings" }
  | { readonly kind: "poll" };

export function ChatPanel(props: ChatPanelProps): ReactNode {
  const { features } = useSite();
  const texts = useTexts(TEXTS);
  if (features.chat === false) return <Empty icon="chat" title={texts.noChat} />;
  // Another channel is another panel: nothing of the one is left in the other.
  return <Panel key={props.login} {...props} />;
}

function Panel({ login, broadcasterId, popout = false, onHide, headAt, onPerson, onBarred }: ChatPanelProps): ReactNode {
  const texts = useTexts(TEXTS);
  const { user, isLoading } = useSession();
  const { store, view } = useRoom(login);
  const status = useChatStatus();
  const preferences = usePreferences();
  const wantsLess = useReducedMotion();
  const emotes = useEmotes(login, user?.id ?? null);
  const badges = useBadges(login);
  const panel = useRef<HTMLElement>(null);
  const ground = useGround(panel);
  const composer = useRef<ComposerHandle>(null);
  const [overlay, setOverlay] = useState<Overlay | null>(null);
  const [replyTo, setReplyTo] = useState<ChatMessage | null>(null);

  const userId = user?.id ?? null;
  const userLogin = user?.login ?? "";
  useEffect(() => {
    if (!isLoading) chatConnection().identify(userId);
  }, [userId, isLoading]);

  const isModerator = mayModerate(view.you);
  const isOwner = mayGiveRoles(view.you);
  const acts = useMemo(() => new Acts(login, store, texts, onBarred), [login, store, texts, onBarred]);
  const isReading = view.state === "joined" && status === "open";
  useEffect(() => {
    if (isReading && isModerator) void acts.readHolds();
  }, [isReading, isModerator, acts]);

  const close = useCallback(() => {
    setOverlay(null);
  }, []);
  const endReply = useCallback(() => {
    setReplyTo(null);
  }, []);
  const isStill = wantsLess || preferences.isStill;
  const chat = useMemo(
    (): Chat => ({
      login,
      store,
      acts,
      texts,
      me: userId === null ? null : { id: userId, login: userLogin },
      isModerator,
      isOwner,
      preferences,
      isStill,
      badges,
      ground,
      openCard: (of, isWarning = false) => {
        if (onPerson) onPerson(of, isWarning);
        else setOverlay({ kind: "card", login: of, isWarning });
      },
      openThread: (id) => {
        setOverlay({ kind: "thread", id });
      },
      reply: (message) => {
        setReplyTo(message);
        composer.current?.focus();
      },
      insert: (text) => {
        composer.current?.insert(text);
      },
    }),
    [login, store, acts, texts, userId, userLogin, isModerator, isOwner, preferences, isStill, badges, ground, onPerson],
  );

  const menu = (
    <ChatMenu
      isShielded={view.isShielded}
      isPopout={popout}
      openSettings={() => {
        setOverlay({ kind: "settings" });
      }}
      openPoll={() => {
        setOverlay({ kind: "poll" });
      }}
    />
  );
  return (
    <ChatContext value={chat}>
      <section
        ref={panel}
        className={styles.panel}
        aria-label={texts.chat}
        data-testid="chat"
        data-channel={broadcasterId}
        data-state={status === "open" ? view.state : status}
        data-size={preferences.size}
      >
        {headAt === undefined ? (
          <header className={styles.head}>
            {onHide && <IconButton icon="expand" size="small" label={texts.hide} onClick={onHide} />}
            <h2>{texts.chat}</h2>
            {menu}
          </header>
        ) : (
          headAt && createPortal(menu, headAt)
        )}
        <RoomRules view={view} />
        {hasStage(view) && (
          <Suspense>
            <StageBoxes view={view} />
          </Suspense>
        )}
        <div className={styles.stage}>
          {view.state === "refused" ? <Refused message={view.refusal?.message ?? ""} /> : <Log view={view} />}
          <Suspense>
            {overlay?.kind === "card" && <UserCard key={overlay.login} login={overlay.login} isWarning={overlay.isWarning} onClose={close} />}
            {overlay?.kind === "thread" && <Thread threadId={overlay.id} onClose={close} />}
            {overlay?.kind === "poll" && <PollForm onClose={close} />}
            {overlay?.kind === "settings" && <ChatSettings onClose={close} />}
            {overlay?.kind === "emotes" && <EmotePicker query={emotes} channelName={view.channel?.name ?? login} onClose={close} />}
          </Suspense>
        </div>
        <Connection />
        <footer className={styles.foot}>
          {(view.warning !== null || view.barredUntil === Infinity) && (
            <Suspense>
              <Banners view={view} />
            </Suspense>
          )}
          {user !== null ? (
            <Suspense fallback={<div className={styles.coming} />}>
              <Composer
              ref={composer}
              view={view}
              emotes={emotes.data}
              replyTo={replyTo}
              endReply={endReply}
              areEmotesOpen={overlay?.kind === "emotes"}
              toggleEmotes={() => {
                setOverlay(overlay?.kind === "emotes" ? null : { kind: "emotes" });
              }}
            />
            </Suspense>
          ) : (
            !isLoading && <LogIn />
          )}
        </footer>
      </section>
    </ChatContext>
  );
}

function hasStage({ stage }: RoomView): boolean {
  return stage.pin !== null || stage.poll !== null || stage.raid !== null;
}

function LogIn(): ReactNode {
  const texts = useTexts(TEXTS);
  const { path } = useLocation();
  return (
    <ButtonLink to={`/login?next=${encodeURIComponent(path)}`} icon="login" wide data-testid="chat-log-in">
      {texts.logIn}
    </ButtonLink>
  );
}

function Refused({ message }: { message: string }): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <Empty icon="chat" title={texts.noRoom} text={message} action={<Link to="/directory">{texts.home}</Link>} />
  );
}

/** How the connection is, while it is not. */
function Connection(): ReactNode {
  const texts = useTexts(TEXTS);
  const status = useChatStatus();
  const text = status === "offline" ? texts.offline : status === "waiting" ? texts.lost : status === "connecting" ? texts.connecting : "";
  return (
    <div className={cx(styles.status, text === "" && styles.fine)} role="status" data-testid="chat-status">
      {text !== "" && (
        <>
          <Icon name={status === "connecting" ? "clock" : "alert"} size={16} />
          <span>{text}</span>
          {status === "waiting" && (
            <Button
              size="small"
              onClick={() => {
                chatConnection().retry();
              }}
            >
              {texts.tryNow}
            </Button>
          )}
        </>
      )}
    </div>
  );
}

export default ChatPanel;
