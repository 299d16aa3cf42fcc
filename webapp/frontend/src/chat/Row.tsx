/** One line of chat. */

import { memo, type ReactNode } from "react";

import { useFormat } from "../i18n";
import { Button, cx, Icon } from "../ui";
import type { Line, Remark } from "./buffer";
import { nameColour } from "./colours";
import { useChat } from "./context";
import { Fragments } from "./Fragments";
import type { BadgeRef, ChatMessage, Notice } from "./frames";
import styles from "./Row.module.css";

interface RowProps {
  readonly line: Line;
  /** Whether its buttons can be reached with Tab: those of one line only. */
  readonly isCurrent: boolean;
}

export const Row = memo(function Row({ line, isCurrent }: RowProps): ReactNode {
  switch (line.kind) {
    case "message":
      return <MessageRow line={line} isCurrent={isCurrent} />;
    case "notice":
      return <NoticeRow notice={line.notice} isStruck={line.isStruck} isCurrent={isCurrent} />;
    case "remark":
      return <RemarkRow remark={line.remark} />;
  }
});

function MessageRow({ line, isCurrent }: { line: Extract<Line, { kind: "message" }>; isCurrent: boolean }): ReactNode {
  const { me, preferences } = useChat();
  const { message, isStruck } = line;
  const isToMe = me !== null && message.chatter_user_id !== me.id && concerns(message, me);
  return (
    <div
      className={cx(
        styles.message,
        preferences.isAlternating && line.isEven && styles.even,
        isToMe && styles.toMe,
        message.is_first && styles.first,
      )}
      data-testid="chat-message"
      data-message-id={message.message_id}
      data-struck={isStruck || undefined}
    >
      <MessageHead message={message} isCurrent={isCurrent} isStruck={isStruck} />
      <div className={styles.clip}>
        {preferences.hasTimes && <TimeOf at={line.at} />}
        <Badges badges={message.badges} />
        <Name person={message} isCurrent={isCurrent} />
        <MessageText message={message} isStruck={isStruck} />
      </div>
    </div>
  );
}

function concerns(message: ChatMessage, me: { readonly id: string; readonly login: string }): boolean {
  return (
    message.reply?.parent_user_login === me.login ||
    message.message.fragments.some((fragment) => fragment.mention?.user_id === me.id)
  );
}

function MessageHead({ message, isCurrent, isStruck }: { message: ChatMessage; isCurrent: boolean; isStruck: boolean }): ReactNode {
  const { texts, openThread } = useChat();
  const { reply } = message;
  if (reply && !isStruck) {
    return (
      <button
        type="button"
        className={styles.quote}
        tabIndex={isCurrent ? 0 : -1}
        title={texts.showThread}
        onClick={() => {
          openThread(reply.thread_message_id);
        }}
      >
        <Icon name="reply" size={14} />
        <span className={styles.quoted}>
          {texts.repliedTo} <bdi>{reply.parent_user_name}</bdi>: <bdi>{reply.parent_message_body}</bdi>
        </span>
      </button>
    );
  }
  return message.is_first ? <p className={styles.firstNote}>{texts.first}</p> : null;
}

/** What was said; struck out it is gone for viewers, and moderators still see what it was. */
function MessageText({ message, isStruck }: { message: ChatMessage; isStruck: boolean }): ReactNode {
  const { texts, isModerator, ground } = useChat();
  if (isStruck && !isModerator) return <span className={styles.gone}>{texts.deleted}</span>;
  const isAction = message.message_type === "action";
  const style = isAction ? { color: nameColour(message.color, message.chatter_user_id, ground) } : undefined;
  const content = (
    <span dir="auto" className={cx(styles.text, isAction && styles.action)} style={style}>
      <Fragments fragments={message.message.fragments} />
    </span>
  );
  return isStruck ? (
    <del className={styles.struck}>
      {content}
      <span className={styles.gone}> ({texts.deleted})</span>
    </del>
  ) : (
    content
  );
}

interface Named {
  readonly chatter_user_id: string;
  readonly chatter_user_login: string;
  readonly chatter_user_name: string;
  readonly color: string;
}

function Name({ person, isCurrent }: { person: Named; isCurrent: boolean }): ReactNode {
  const { openCard, ground } = useChat();
  return (
    <>
      <button
        type="button"
        className={styles.name}
        style={{ color: nameColour(person.color, person.chatter_user_id, ground) }}
        tabIndex={isCurrent ? 0 : -1}
        onClick={() => {
          openCard(person.chatter_user_login);
        }}
      >
        <bdi>{person.chatter_user_name}</bdi>
      </button>
      <span className={styles.colon}>: </span>
    </>
  );
}

export function Badges({ badges }: { badges: readonly BadgeRef[] }): ReactNode {
  const { badges: known } = useChat();
  return badges.map(({ set_id, id }) => {
    const picture = known.get(`${set_id}/${id}`);
    return picture ? (
      <img
        key={set_id}
        className={styles.badge}
        src={picture.src}
        srcSet={picture.srcSet}
        alt={picture.title}
        title={picture.title}
        width={18}
        height={18}
      />
    ) : null;
  });
}

function TimeOf({ at }: { at: number }): ReactNode {
  const format = useFormat();
  return <time className={styles.time}>{format.time(at)}</time>;
}

function NoticeRow({ notice, isStruck, isCurrent }: { notice: Notice; isStruck: boolean; isCurrent: boolean }): ReactNode {
  const { texts } = useChat();
  const isAnnouncement = notice.notice_type === "announcement";
  const hasText = notice.message.fragments.length > 0 && !isStruck;
  return (
    <div className={styles.notice} data-testid="chat-notice" data-colour={notice.announcement?.color.toLowerCase()}>
      <div className={styles.clip}>
        <p className={styles.noticeHead}>
          <Icon name={noticeIcon(notice.notice_type)} size={16} />
          <bdi>{isAnnouncement ? texts.announcement : notice.system_message}</bdi>
        </p>
        {isStruck && <p className={styles.gone}>{texts.deleted}</p>}
        {hasText && (
          <p>
            <Badges badges={notice.badges} />
            <Name person={notice} isCurrent={isCurrent} />
            <span dir="auto" className={styles.text}>
              <Fragments fragments={notice.message.fragments} />
            </span>
          </p>
        )}
      </div>
    </div>
  );
}

function noticeIcon(type: string): "gift" | "megaphone" | "star" | "users" {
  if (type === "announcement") return "megaphone";
  if (type === "raid" || type === "unraid") return "users";
  return type.includes("gift") ? "gift" : "star";
}

function RemarkRow({ remark }: { remark: Remark }): ReactNode {
  const { texts, acts, isModerator } = useChat();
  if (remark.code === "hold") return <HoldRow remark={remark} />;
  if (remark.code === "watched") {
    return (
      <div className={styles.held}>
        <p>{texts.watched(remark.login)}</p>
        <bdi className={styles.text}>{remark.text}</bdi>
      </div>
    );
  }
  const undo = remark.code === "banned" || remark.code === "timedout" ? remark.login : null;
  return (
    <div
      className={cx(styles.remark, remark.code === "gap" && styles.gap, remark.code === "said" && remark.isError && styles.error)}
      data-testid="chat-remark"
      data-code={remark.code}
    >
      <bdi>{remarkText(remark, texts)}</bdi>
      {undo !== null && isModerator && (
        <Button
          size="small"
          kind="ghost"
          onClick={() => {
            void acts.unban(undo);
          }}
        >
          {texts.undo}
        </Button>
      )}
    </div>
  );
}

function remarkText(remark: Exclude<Remark, { code: "hold" | "watched" }>, texts: ReturnType<typeof useChat>["texts"]): string {
  switch (remark.code) {
    case "gap":
      return texts.gap;
    case "cleared":
      return texts.cleared;
    case "banned":
      return texts.banned(remark.login);
    case "unbanned":
      return texts.unbanned(remark.login);
    case "purged":
      return texts.purged(remark.login);
    case "timedout":
      return texts.timedout(remark.login, remark.seconds);
    case "said":
      return remark.text;
    case "online":
      return texts.online(remark.title);
    case "offline":
      return texts.offlineStream;
  }
}

function HoldRow({ remark }: { remark: Extract<Remark, { code: "hold" }> }): ReactNode {
  const { texts, acts } = useChat();
  const { hold, status } = remark;
  const decide = (isAllowed: boolean): void => {
    void acts.decideHold(hold.message_id, isAllowed);
  };
  return (
    <div className={styles.held} data-testid="chat-hold" data-status={status}>
      <p className={styles.noticeHead}>
        <Icon name="shield" size={16} />
        <bdi>{texts.held(hold.user_name)}</bdi>
      </p>
      <bdi className={styles.text}>{hold.message}</bdi>
      {status === "waiting" ? (
        <p className={styles.decide}>
          <Button
            size="small"
            onClick={() => {
              decide(true);
            }}
          >
            {texts.allow}
          </Button>
          <Button
            size="small"
            kind="danger"
            onClick={() => {
              decide(false);
            }}
          >
            {texts.deny}
          </Button>
        </p>
      ) : (
        <p className={styles.gone}>{texts.holdStates[status] ?? status}</p>
      )}
    </div>
  );
}
