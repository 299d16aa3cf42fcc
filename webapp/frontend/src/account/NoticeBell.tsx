import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";

import { get } from "../api/client";
import { useSession } from "../app/session";
import { useTexts } from "../i18n";
import { Icon } from "../ui";
import styles from "./NoticeBell.module.css";
import { NoticeList } from "./NoticeList";
import { TEXTS } from "./notices.texts";
import { keepPushUp, onPushedNotice } from "./push";
import type { NoticePage } from "./types";

const REFRESH_MS = 60_000;
const MAX_SHOWN = 9;
/** As the API counts. */
const MAX_COUNTED = 1000;

/** The bell in the header: how many notices are unread, and the list of them. Nothing while nobody is logged in. */
export function NoticeBell(): ReactNode {
  const { user } = useSession();
  return user === null ? null : <Bell key={user.id} userId={user.id} />;
}

function Bell({ userId }: { userId: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const cache = useQueryClient();
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const titleId = useId();

  const { data } = useQuery({
    queryKey: ["notices", "unread"],
    queryFn: ({ signal }) => get<NoticePage>("/notices", { unread: true, first: 1 }, signal),
    refetchInterval: REFRESH_MS,
  });
  const unread = data?.unread_count ?? 0;

  useEffect(() => {
    const gone = new AbortController();
    void keepPushUp(userId, gone.signal);
    return () => {
      gone.abort();
    };
  }, [userId]);

  useEffect(() => onPushedNotice(() => void cache.invalidateQueries({ queryKey: ["notices"] })), [cache]);

  useEffect(() => {
    if (!open) return;
    panel.current?.focus();
    const outside = (event: PointerEvent): void => {
      if (!(event.target instanceof Node) || anchor.current?.contains(event.target) !== true) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
    };
  }, [open]);

  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  const key = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    close();
  };
  const count = unread >= MAX_COUNTED ? texts.many(unread) : texts.unread(unread);
  return (
    <div
      className={styles.anchor}
      ref={anchor}
      onKeyDown={key}
      onBlur={(event) => {
        // Tabbing out closes it; a click on something that takes no focus does not.
        if (event.relatedTarget !== null && !event.currentTarget.contains(event.relatedTarget)) setOpen(false);
      }}
    >
      <button
        ref={button}
        type="button"
        className={styles.bell}
        aria-label={unread === 0 ? texts.title : `${texts.title}, ${count}`}
        title={texts.title}
        aria-haspopup="dialog"
        aria-expanded={open}
        data-testid="notice-bell"
        onClick={() => {
          setOpen(!open);
        }}
      >
        <Icon name="bell" />
        {unread > 0 && (
          <span className={styles.count} aria-hidden="true">
            {unread > MAX_SHOWN ? `${MAX_SHOWN}+` : unread}
          </span>
        )}
      </button>
      {open && (
        <div ref={panel} className={styles.panel} role="dialog" aria-labelledby={titleId} tabIndex={-1}>
          <NoticeList titleId={titleId} unread={unread} onLeave={() => { setOpen(false); }} />
        </div>
      )}
    </div>
  );
}
