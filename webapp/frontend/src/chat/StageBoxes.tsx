/** What a room shows beside its talk: the pinned message, a poll, a raid. */

import type { ReactNode } from "react";

import { navigate, useLocation } from "../app/router";
import { useFormat } from "../i18n";
import { Button, cx, Icon, IconButton, useNow } from "../ui";
import { useChat } from "./context";
import { Fragments } from "./Fragments";
import type { Pin, Poll, Raid } from "./frames";
import { nameColour } from "./colours";
import styles from "./StageBoxes.module.css";
import type { RoomView } from "./room";

export default function StageBoxes({ view }: { view: RoomView }): ReactNode {
  const { pin, poll, raid } = view.stage;
  if (!pin && !poll && !raid) return null;
  return (
    <div className={styles.boxes}>
      {raid && <RaidBox raid={raid} />}
      {poll && <PollBox poll={poll} vote={view.votes[poll.id]} />}
      {pin && <PinBox key={pin.message_id} pin={pin} />}
    </div>
  );
}

function secondsUntil(time: string, now: number): number {
  const at = Date.parse(time);
  return Number.isNaN(at) ? 0 : Math.max(0, Math.ceil((at - now) / 1000));
}

function PinBox({ pin }: { pin: Pin }): ReactNode {
  const { texts, acts, store, isModerator, ground } = useChat();
  const now = useNow(1000);
  if (pin.ends_at !== null && secondsUntil(pin.ends_at, now) === 0) return null;
  return (
    <section className={styles.box} aria-label={texts.pinned} data-testid="chat-pin">
      <header className={styles.head}>
        <Icon name="pin" size={16} />
        <bdi>{pin.pinned_by_user_name === null ? texts.pinned : texts.pinnedBy(pin.pinned_by_user_name)}</bdi>
        <IconButton
          icon="close"
          size="small"
          label={isModerator ? texts.unpin : texts.close}
          onClick={() => {
            if (isModerator) void acts.unpin();
            else store.dismiss("pin");
          }}
        />
      </header>
      <p className={styles.text}>
        <bdi style={{ color: nameColour(pin.color, pin.chatter_user_id, ground) }}>{pin.chatter_user_name}</bdi>:{" "}
        <span dir="auto">{pin.fragments.length > 0 ? <Fragments fragments={pin.fragments} /> : pin.text}</span>
      </p>
    </section>
  );
}

function PollBox({ poll, vote }: { poll: Poll; vote: string | undefined }): ReactNode {
  const { texts, acts, store, me, isModerator } = useChat();
  const format = useFormat();
  const now = useNow(1000);
  const isOpen = poll.status === "ACTIVE";
  const canVote = isOpen && me !== null && vote === undefined;
  const total = poll.choices.reduce((sum, choice) => sum + choice.votes, 0);
  return (
    <section className={styles.box} aria-label={texts.poll} data-testid="chat-poll">
      <header className={styles.head}>
        <Icon name="poll" size={16} />
        <bdi>{poll.title}</bdi>
        {!isOpen && (
          <IconButton
            icon="close"
            size="small"
            label={texts.close}
            onClick={() => {
              store.dismiss("poll");
            }}
          />
        )}
      </header>
      <ul className={styles.choices}>
        {poll.choices.map(({ id, title, votes }) => {
          const share = total === 0 ? 0 : votes / total;
          return (
            <li key={id} className={cx(styles.choice, id === vote && styles.mine)}>
              <span className={styles.bar} style={{ width: `${share * 100}%` }} aria-hidden="true" />
              {canVote ? (
                <button
                  type="button"
                  className={styles.vote}
                  aria-label={`${texts.vote}: ${title}`}
                  onClick={() => {
                    void acts.vote(poll.id, id);
                  }}
                >
                  <bdi>{title}</bdi>
                </button>
              ) : (
                <span className={styles.vote}>
                  <bdi>{title}</bdi>
                  {id === vote && <span className="visually-hidden"> ({texts.yourVote})</span>}
                </span>
              )}
              <span className={styles.share}>{format.number(share, { style: "percent", maximumFractionDigits: 0 })}</span>
            </li>
          );
        })}
      </ul>
      <footer className={styles.foot}>
        <span>
          {texts.votes(format.count(total), total)} · {isOpen ? texts.endsIn(secondsUntil(poll.ends_at, now)) : texts.pollOver}
        </span>
        {isOpen && isModerator && (
          <Button
            size="small"
            kind="ghost"
            onClick={() => {
              void acts.endPoll(poll.id);
            }}
          >
            {texts.endPoll}
          </Button>
        )}
      </footer>
    </section>
  );
}

function RaidBox({ raid }: { raid: Raid }): ReactNode {
  const { texts, acts, store, login, isModerator } = useChat();
  const { path } = useLocation();
  const format = useFormat();
  const now = useNow(1000);
  const left = secondsUntil(raid.goes_at, now);
  return (
    <section className={styles.box} aria-label={texts.raidTitle} data-testid="chat-raid">
      <header className={styles.head}>
        <Icon name="users" size={16} />
        <bdi>{texts.raid(raid.to_broadcaster_user_name, format.count(raid.viewers))}</bdi>
      </header>
      <footer className={styles.foot}>
        <span>{left > 0 && texts.endsIn(left)}</span>
        {isModerator && left > 0 ? (
          <>
            <Button size="small" onClick={() => void acts.cancelRaid()}>
              {texts.raidCancel}
            </Button>
            <Button size="small" kind="primary" onClick={() => void acts.raidNow()}>
              {texts.raidNow}
            </Button>
          </>
        ) : (
          <>
            <Button
              size="small"
              onClick={() => {
                store.dismiss("raid");
              }}
            >
              {texts.stay}
            </Button>
            <Button
              size="small"
              kind="primary"
              onClick={() => {
                // In a window of its own, or a frame, the chat alone goes along.
                navigate(path.replace(new RegExp(`/${login}(?=/|$)`, "i"), `/${raid.to_broadcaster_user_login}`));
              }}
            >
              {texts.goAlong}
            </Button>
          </>
        )}
      </footer>
    </section>
  );
}
