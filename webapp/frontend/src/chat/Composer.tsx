/** Where one writes: counter, countdown, completion, what was refused and why. */

import { useCallback, useEffect, useId, useImperativeHandle, useMemo, useRef, useState, type KeyboardEvent, type ReactNode, type Ref } from "react";

import { Button, IconButton, useNow } from "../ui";
import { refusalText } from "./acts";
import { complete, take, type Completion, type Offer, type Sources } from "./completion";
import styles from "./Composer.module.css";
import { useChat } from "./context";
import type { ChatMessage } from "./frames";
import { COUNT_FROM, lengthOf, MOST_CHARACTERS, slowSeconds } from "./limits";
import { Offers } from "./Offers";
import type { EmoteGroups } from "./pictures";
import { Recall } from "./recall";
import type { RoomView } from "./room";
import type { For } from "./commands";

export interface ComposerHandle {
  readonly insert: (text: string) => void;
  readonly focus: () => void;
}

interface ComposerProps {
  readonly ref: Ref<ComposerHandle>;
  readonly view: RoomView;
  readonly emotes: EmoteGroups | undefined;
  readonly replyTo: ChatMessage | null;
  readonly endReply: () => void;
  readonly areEmotesOpen: boolean;
  readonly toggleEmotes: () => void;
}

/** Seconds until a moment (milliseconds since 1970), rounded up; 0 when it is over. */
function useSecondsUntil(at: number): number {
  const [now, setNow] = useState(() => Date.now());
  const left = Math.max(0, Math.ceil((at - now) / 1000));
  useEffect(() => {
    if (at <= Date.now()) return undefined;
    setNow(Date.now());
    const timer = setInterval(() => {
      setNow(Date.now());
      if (Date.now() >= at) clearInterval(timer);
    }, 250);
    return () => {
      clearInterval(timer);
    };
  }, [at]);
  return left;
}

export default function Composer({ ref, view, emotes, replyTo, endReply, areEmotesOpen, toggleEmotes }: ComposerProps): ReactNode {
  const chat = useChat();
  const { acts, store, texts, isModerator, isOwner } = chat;
  const field = useRef<HTMLTextAreaElement>(null);
  const [recall] = useState(() => new Recall());
  const [text, setText] = useState("");
  const [caret, setCaret] = useState(0);
  const [problem, setProblem] = useState<string | null>(null);
  const [waiting, setWaiting] = useState(0);
  const [readyAt, setReadyAt] = useState(0);
  const [chosen, setChosen] = useState(0);
  const [dismissed, setDismissed] = useState<string | null>(null);
  const listId = useId();
  const counterId = useId();
  const problemId = useId();
  const secondsLeft = useSecondsUntil(readyAt);
  const length = lengthOf(text);
  const isOver = readyAt > 0 && secondsLeft === 0;
  useEffect(() => {
    if (isOver) setProblem(null); // it is as long true as one has to wait
  }, [isOver]);

  const sources = useMemo((): Sources => {
    const roles = new Set<For>(["everybody"]);
    if (isModerator) roles.add("moderators");
    if (isOwner) roles.add("owners");
    const all = emotes ? [...emotes.channel, ...emotes.site, ...emotes.elsewhere] : [];
    const usable = all.filter(({ id }) => emotes?.usable.has(id) ?? false);
    return {
      emotes: usable.map(({ id, name }) => ({ id, code: name })),
      get people() {
        return store.people();
      },
      roles,
    };
  }, [emotes, isModerator, isOwner, store]);

  const completion = text === dismissed ? null : complete(text, caret, sources);
  const offer = completion?.offers[Math.min(chosen, completion.offers.length - 1)];

  const write = useCallback((next: string, at: number) => {
    setText(next);
    setCaret(at);
    setChosen(0);
    const element = field.current;
    if (!element) return;
    element.focus();
    // Once the text is there.
    requestAnimationFrame(() => {
      element.setSelectionRange(at, at);
    });
  }, []);

  useImperativeHandle(
    ref,
    () => ({
      focus: () => field.current?.focus(),
      insert: (piece: string) => {
        const at = field.current?.selectionStart ?? 0;
        const gap = at > 0 && !/\s/.test(field.current?.value[at - 1] ?? " ") ? " " : "";
        const old = field.current?.value ?? "";
        write(`${old.slice(0, at)}${gap}${piece} ${old.slice(at)}`, at + gap.length + piece.length + 1);
      },
    }),
    [write],
  );

  const accept = (completed: Completion, taken: Offer): void => {
    const next = take(text, completed, taken);
    setDismissed(null);
    write(next.text, next.caret);
  };

  const submit = async (): Promise<void> => {
    const said = text.trim();
    const isCommand = /^[/.]\w/.test(said) && !/^\/me\b/i.test(said);
    if (said === "" || length > MOST_CHARACTERS || (secondsLeft > 0 && !isCommand)) return;
    recall.add(said);
    setText("");
    setProblem(null);
    endReply();
    setWaiting((count) => count + 1);
    const refusal = await acts.say(said, replyTo?.message_id ?? null);
    setWaiting((count) => count - 1);
    if (!refusal) {
      const seconds = isCommand ? 0 : slowSeconds(view.settings, view.you);
      if (seconds > 0) setReadyAt(Date.now() + seconds * 1000);
      return;
    }
    setProblem(refusal.code === "lost" ? texts.notSent : refusalText(refusal, texts));
    if (refusal.seconds_left !== null && !isCommand && refusal.seconds_left < 3600) setReadyAt(Date.now() + refusal.seconds_left * 1000);
    // What waits for a moderator is on its way; all else is theirs to mend.
    if (refusal.code !== "msg_rejected") setText((now) => (now === "" ? said : now));
  };

  const keyPressed = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.nativeEvent.isComposing) return;
    if (completion && offer && choose(event, completion, offer)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      void submit();
    } else if (event.key === "Escape" && replyTo) {
      endReply();
    } else if (event.key === "ArrowUp" && (text === "" || recall.isShowing)) {
      const older = recall.older(text);
      if (older === null) return;
      event.preventDefault();
      write(older, older.length);
    } else if (event.key === "ArrowDown" && recall.isShowing) {
      const newer = recall.newer();
      if (newer === null) return;
      event.preventDefault();
      write(newer, newer.length);
    }
  };

  const choose = (event: KeyboardEvent, completed: Completion, shown: Offer): boolean => {
    const count = completed.offers.length;
    // What is typed in full already is sent by Enter, not completed.
    const isWhole = text.slice(completed.start, completed.end) === shown.text;
    if (event.key === "ArrowDown") setChosen((chosen + 1) % count);
    else if (event.key === "ArrowUp") setChosen((chosen + count - 1) % count);
    else if (event.key === "Escape") setDismissed(text);
    else if (event.key === "Tab" && !event.shiftKey) accept(completed, shown);
    else if (event.key === "Enter" && !isWhole) accept(completed, shown);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };

  return (
    <form
      className={styles.composer}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {problem !== null && (
        <p className={styles.problem} role="alert" id={problemId} data-testid="chat-refusal">
          <span>{problem}</span>
          <IconButton
            icon="close"
            size="small"
            label={texts.close}
            onClick={() => {
              setProblem(null);
            }}
          />
        </p>
      )}
      {replyTo && (
        <p className={styles.reply}>
          <span className={styles.replyText}>
            {texts.replyingTo} <bdi>{replyTo.chatter_user_name}</bdi>: <bdi>{replyTo.message.text}</bdi>
          </span>
          <IconButton icon="close" size="small" label={texts.cancel} onClick={endReply} />
        </p>
      )}
      {completion && offer && (
        <Offers
          id={listId}
          offers={completion.offers}
          chosen={offer}
          onTake={(taken) => {
            accept(completion, taken);
          }}
        />
      )}
      <div className={styles.box}>
        <textarea
          ref={field}
          className={styles.field}
          rows={1}
          dir="auto"
          value={text}
          placeholder={texts.placeholder}
          aria-label={texts.compose}
          aria-autocomplete="list"
          aria-controls={offer ? listId : undefined}
          aria-activedescendant={offer ? `${listId}-${completion.offers.indexOf(offer)}` : undefined}
          aria-describedby={problem === null ? counterId : `${counterId} ${problemId}`}
          aria-invalid={length > MOST_CHARACTERS}
          autoComplete="off"
          enterKeyHint="send"
          data-testid="chat-input"
          onChange={(event) => {
            // A message is one line; what is pasted becomes one.
            const next = event.target.value.replace(/[\r\n]+/g, " ");
            if (recall.isShowing) recall.edited();
            setText(next);
            setCaret(event.target.selectionStart);
            setChosen(0);
            setDismissed(null);
          }}
          onSelect={(event) => {
            setCaret(event.currentTarget.selectionStart);
          }}
          onKeyDown={keyPressed}
        />
        <IconButton icon="smile" label={texts.emotes} aria-expanded={areEmotesOpen} onClick={toggleEmotes} />
      </div>
      <div className={styles.foot}>
        <Bar view={view} />
        <span id={counterId} className={length > MOST_CHARACTERS ? styles.over : styles.counter} data-testid="chat-counter">
          {length >= COUNT_FROM && (
            <>
              <span aria-hidden="true">{MOST_CHARACTERS - length}</span>
              <span className="visually-hidden">{texts.left(MOST_CHARACTERS - length)}</span>
            </>
          )}
        </span>
        <Button
          kind="primary"
          size="small"
          type="submit"
          busy={waiting > 0}
          aria-disabled={secondsLeft > 0 || undefined}
          title={secondsLeft > 0 ? texts.waitLabel(secondsLeft) : undefined}
          data-testid="chat-send"
        >
          {secondsLeft > 0 ? (
            <>
              <span aria-hidden="true">{texts.sendIn(secondsLeft)}</span>
              <span className="visually-hidden">{texts.waitLabel(secondsLeft)}</span>
            </>
          ) : (
            texts.send
          )}
        </Button>
      </div>
    </form>
  );
}

/** Why one cannot write at all; nothing if one can. */
function Bar({ view }: { view: RoomView }): ReactNode {
  const { texts } = useChat();
  useNow(1000);
  const left = Math.ceil((view.barredUntil - Date.now()) / 1000);
  if (left <= 0) return <span className={styles.bar} />;
  return <span className={styles.bar}>{left === Infinity ? texts.youAreBanned : texts.youAreTimedOut(left)}</span>;
}
