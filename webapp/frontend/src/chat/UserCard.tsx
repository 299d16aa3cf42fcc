/** Who somebody is, what they said here of late, and what can be done about it. */

import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState, type ReactNode } from "react";

import { get, send } from "../api/client";
import { Link } from "../app/router";
import { useFormat, useProblemText, useTexts } from "../i18n";
import { Avatar, Button, ErrorNote, Skeleton, TextField, useMutationOnce, useToast } from "../ui";
import { useChat } from "./context";
import { Fragments } from "./Fragments";
import { Sheet } from "./Sheet";
import styles from "./Sheet.module.css";
import { TEXTS } from "./texts";

const ModeratorsFile = lazy(() => import("../moderation/PersonFile"));

const TIMEOUTS_S = [10, 60, 600, 3600, 86_400] as const;
const MOST_RECENT = 20;

interface User {
  readonly id: string;
  readonly login: string;
  readonly display_name: string;
  readonly description: string;
  readonly profile_image_url: string;
  readonly created_at: string;
}

interface UserCardProps {
  readonly login: string;
  readonly isWarning: boolean;
  readonly onClose: () => void;
}

export default function UserCard({ login, isWarning, onClose }: UserCardProps): ReactNode {
  const { login: channel, texts, me, insert, isModerator, isOwner } = useChat();
  const format = useFormat();
  const query = useQuery({
    queryKey: ["chat-card", login],
    queryFn: async ({ signal }) => (await get<{ data: readonly User[] }>("/users", { login }, signal)).data[0] ?? null,
    staleTime: 60_000,
  });
  const user = query.data;
  const isOther = me !== null && me.login !== login;
  return (
    <Sheet title={user?.display_name ?? login} onClose={onClose} testId="user-card">
      {query.isError && <ErrorNote error={query.error} retry={query.refetch} />}
      <div className={styles.who}>
        {user ? <Avatar user={user} size={56} /> : <Skeleton width="56px" height="56px" />}
        <div className={styles.facts}>
          {user ? <p>{texts.joined(format.date(user.created_at))}</p> : query.isPending && <Skeleton width="12em" />}
          {me?.login === login && <FollowDate />}
          <Link to={`/${login}`}>{texts.toChannel}</Link>
        </div>
      </div>
      {user?.description && <bdi className={styles.about}>{user.description}</bdi>}
      {isOther && (
        <p className={styles.buttons}>
          <Button
            size="small"
            onClick={() => {
              insert(`@${login}`);
            }}
          >
            {texts.mention}
          </Button>
          <Block login={login} />
        </p>
      )}
      {isModerator && isOther && <Moderation login={login} isWarning={isWarning} />}
      {isOwner && isOther && <Roles login={login} />}
      {user && <Recent userId={user.id} />}
      {user && isModerator && (
        <Suspense>
          <ModeratorsFile channel={channel} user={user} />
        </Suspense>
      )}
    </Sheet>
  );
}

function FollowDate(): ReactNode {
  const { login, texts } = useChat();
  const format = useFormat();
  const { data } = useQuery({
    queryKey: ["chat-follow", login],
    queryFn: ({ signal }) => get<{ data: readonly { followed_at: string }[] }>(`/users/me/follows/${login}`, undefined, signal),
    retry: false,
  });
  const since = data?.data[0]?.followed_at;
  return since === undefined ? null : <p>{texts.following(format.date(since))}</p>;
}

function Block({ login }: { login: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const say = useProblemText();
  const block = useMutationOnce({
    mutationFn: () => send("PUT", `/users/me/blocks/${login}`),
    onSuccess: () => {
      toast({ text: texts.blocked(login), kind: "ok" });
    },
    onError: (error) => {
      toast({ text: say(error), kind: "error" });
    },
  });
  return (
    <Button
      size="small"
      busy={block.isPending}
      onClick={() => {
        block.mutate();
      }}
    >
      {texts.block}
    </Button>
  );
}

function Moderation({ login, isWarning }: { login: string; isWarning: boolean }): ReactNode {
  const { texts, acts } = useChat();
  const [reason, setReason] = useState<string | null>(isWarning ? "" : null);
  return (
    <>
      <p className={styles.buttons} role="group" aria-label={texts.timeout}>
        {TIMEOUTS_S.map((seconds) => (
          <Button
            key={seconds}
            size="small"
            aria-label={texts.timeoutFor(seconds)}
            onClick={() => {
              void acts.ban(login, seconds);
            }}
          >
            {texts.span(seconds)}
          </Button>
        ))}
      </p>
      <p className={styles.buttons}>
        <Button
          size="small"
          kind="danger"
          onClick={() => {
            void acts.ban(login, null);
          }}
        >
          {texts.ban}
        </Button>
        <Button
          size="small"
          onClick={() => {
            void acts.unban(login);
          }}
        >
          {texts.unban}
        </Button>
        <Button
          size="small"
          onClick={() => {
            void acts.clearUser(login);
          }}
        >
          {texts.purge}
        </Button>
        <Button
          size="small"
          aria-expanded={reason !== null}
          onClick={() => {
            setReason(reason === null ? "" : null);
          }}
        >
          {texts.warn}
        </Button>
      </p>
      {reason !== null && (
        <form
          className={styles.buttons}
          onSubmit={(event) => {
            event.preventDefault();
            if (reason.trim() === "") return;
            void acts.warn(login, reason.trim());
            setReason(null);
          }}
        >
          <TextField label={texts.warnReason} value={reason} maxLength={500} onChange={setReason} />
          <Button size="small" kind="primary" type="submit">
            {texts.warn}
          </Button>
        </form>
      )}
    </>
  );
}

function Roles({ login }: { login: string }): ReactNode {
  const { texts, acts } = useChat();
  const choices = [
    { label: texts.makeMod, act: () => acts.giveRole(login, "moderator") },
    { label: texts.takeMod, act: () => acts.takeRole(login, "moderator") },
    { label: texts.makeVip, act: () => acts.giveRole(login, "vip") },
    { label: texts.takeVip, act: () => acts.takeRole(login, "vip") },
  ];
  return (
    <p className={styles.buttons}>
      {choices.map(({ label, act }) => (
        <Button
          key={label}
          size="small"
          kind="ghost"
          onClick={() => {
            void act();
          }}
        >
          {label}
        </Button>
      ))}
    </p>
  );
}

function Recent({ userId }: { userId: string }): ReactNode {
  const { store, texts } = useChat();
  const format = useFormat();
  const messages = store.messagesOf(userId).slice(-MOST_RECENT);
  return (
    <>
      <h4 className={styles.title}>{texts.recently}</h4>
      {messages.length === 0 && <p className={styles.quiet}>{texts.nothingRecently}</p>}
      <ul className={styles.recent}>
        {messages.map(({ key, at, message, isStruck }) => (
          <li key={key}>
            <time>{format.time(at)}</time>{" "}
            {isStruck ? (
              <i>{texts.deleted}</i>
            ) : (
              <span dir="auto">
                <Fragments fragments={message.message.fragments} />
              </span>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
