import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { get, send } from "../../api/client";
import type { Data } from "../../api/types";
import { useTexts } from "../../i18n";
import { Badge, Button, ErrorNote, Skeleton, Time, useMutationOnce, useToast } from "../../ui";
import { browserName } from "../browsers";
import type { LoginSession } from "../types";
import { Section } from "./Section";
import styles from "./settings.module.css";
import { TEXTS } from "./texts";

/** Where somebody is logged in, and a way to end that from here. */
export function SessionsSection(): ReactNode {
  const texts = useTexts(TEXTS);
  const cache = useQueryClient();
  const toast = useToast();
  const { data, error, refetch } = useQuery({
    queryKey: ["sessions"],
    queryFn: ({ signal }) => get<Data<LoginSession>>("/sessions", undefined, signal),
  });
  const act = useMutationOnce<unknown, readonly string[]>({
    // One after the other: there are few, and the first that fails is told.
    mutationFn: async (ids) => {
      for (const id of ids) await send("DELETE", `/sessions/${id}`);
    },
    onSuccess: () => {
      toast({ kind: "ok", text: texts.sessionsEnded });
    },
    onSettled: () => cache.invalidateQueries({ queryKey: ["sessions"] }),
  });
  const sessions = [...(data?.data ?? [])].sort((one, other) => Number(other.current) - Number(one.current));
  const others = sessions.filter(({ current }) => !current).map(({ id }) => id);
  return (
    <Section title={texts.sessionsTitle}>
      <ErrorNote error={error ?? act.error} retry={error === null ? undefined : refetch} />
      {data === undefined && error === null && <Skeleton height="96px" />}
      <ul className={styles.rows} data-testid="sessions">
        {sessions.map((session) => {
          const name = browserName(session.user_agent, texts.unknownBrowser);
          return (
            <li key={session.id} className={styles.row}>
              <div className={styles.rowText}>
                <span className={styles.rowName}>
                  <bdi>{name}</bdi>
                  {session.current && <Badge kind="accent">{texts.sessionsThis}</Badge>}
                </span>
                <span className={styles.meta}>
                  <span>
                    {texts.sessionsFrom} <bdi>{session.network}</bdi>
                  </span>
                  <span>
                    {texts.sessionsSince} <Time value={session.created_at} />
                  </span>
                  <span>
                    {texts.sessionsSeen} <Time value={session.last_seen_at} />
                  </span>
                </span>
              </div>
              {!session.current && (
                <Button
                  aria-label={texts.sessionsEndOf(name)}
                  disabled={act.isPending}
                  onClick={() => {
                    act.mutate([session.id]);
                  }}
                >
                  {texts.sessionsEnd}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
      {others.length > 1 && (
        <div className={styles.actions}>
          <Button
            icon="logout"
            busy={act.isPending}
            onClick={() => {
              act.mutate(others);
            }}
          >
            {texts.sessionsEndOthers}
          </Button>
        </div>
      )}
    </Section>
  );
}
