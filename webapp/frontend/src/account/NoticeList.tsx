import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, type ReactNode } from "react";

import { send } from "../api/client";
import { usePages } from "../api/pages";
import type { Notice } from "../api/types";
import { Link } from "../app/router";
import { useTexts } from "../i18n";
import { Button, cx, Empty, ErrorNote, Icon, IconButton, Skeleton, Time, useMutationOnce } from "../ui";
import styles from "./NoticeBell.module.css";
import { TEXTS } from "./notices.texts";

export interface NoticeListProps {
  readonly titleId: string;
  readonly unread: number;
  /** Somebody follows a link in it. */
  readonly onLeave: () => void;
}

/** What somebody was told, the newest first. */
export function NoticeList({ titleId, unread, onLeave }: NoticeListProps): ReactNode {
  const texts = useTexts(TEXTS);
  const cache = useQueryClient();
  const { rows, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = usePages<Notice>(["notices", "list"], "/notices");
  const refresh = (): Promise<void> => cache.invalidateQueries({ queryKey: ["notices"] });
  const newest = rows?.[0]?.id;
  const readAll = useMutationOnce({
    // What comes in this moment stays unread: nobody has seen it.
    mutationFn: () => send("POST", "/notices/read", { up_to: newest }),
    onSuccess: refresh,
  });
  const read = useMutation({
    mutationFn: (id: string) => send("PUT", `/notices/${id}/read`),
    onSettled: refresh,
  });
  const list = useRef<HTMLUListElement>(null);
  return (
    <>
      <div className={styles.head}>
        <h2 id={titleId}>{texts.title}</h2>
        {unread > 0 && newest !== undefined && (
          <Button
            kind="ghost"
            size="small"
            icon="check"
            busy={readAll.isPending}
            onClick={() => {
              readAll.mutate();
              list.current?.focus();
            }}
          >
            {texts.readAll}
          </Button>
        )}
        <Link className={styles.gear} to="/settings/notifications" onClick={onLeave} aria-label={texts.settings} title={texts.settings}>
          <Icon name="settings" size={18} />
        </Link>
      </div>
      <ErrorNote error={error ?? readAll.error} retry={error === null ? undefined : refetch} />
      {rows === undefined && error === null && <Skeleton height="160px" />}
      {rows?.length === 0 && <Empty icon="bell" title={texts.none} text={texts.noneText} />}
      {rows !== undefined && rows.length > 0 && (
        <ul className={styles.list} ref={list} tabIndex={-1}>
          {rows.map((notice) => (
            <li key={notice.id} className={cx(styles.row, !notice.is_read && styles.unread)}>
              <Link
                className={styles.link}
                to={`/${notice.broadcaster_login}`}
                onClick={() => {
                  if (!notice.is_read) read.mutate(notice.id);
                  onLeave();
                }}
              >
                <span className={styles.title}>
                  <bdi>{notice.type === "stream.online" ? texts.isLive(notice.broadcaster_name) : notice.title}</bdi>
                  {!notice.is_read && <span className="visually-hidden"> ({texts.isUnread})</span>}
                </span>
                {notice.text !== "" && (
                  <span className={styles.text}>
                    <bdi>{notice.text}</bdi>
                  </span>
                )}
                <span className={styles.time}>
                  <Time value={notice.created_at} />
                </span>
              </Link>
              {!notice.is_read && (
                <IconButton
                  size="small"
                  icon="check"
                  label={texts.read(notice.title)}
                  onClick={() => {
                    read.mutate(notice.id);
                    list.current?.focus();
                  }}
                />
              )}
            </li>
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button wide busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {texts.more}
        </Button>
      )}
    </>
  );
}
