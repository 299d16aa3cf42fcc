import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { get, send } from "../../api/client";
import type { Data, Me } from "../../api/types";
import { useTexts } from "../../i18n";
import { Badge, Button, ErrorNote, Icon, Skeleton, Time, useMutationOnce, useToast } from "../../ui";
import { browserName } from "../browsers";
import { PushDismissedError, PushServiceError, readPushState, turnPushOff, turnPushOn } from "../push";
import type { PushState } from "../push-state";
import type { PushBrowser } from "../types";
import { Section } from "./Section";
import styles from "./settings.module.css";
import { TEXTS } from "./texts";

/** Web Push: in this browser, and in which others. */
export function PushSection({ user }: { user: Me }): ReactNode {
  const texts = useTexts(TEXTS);
  const cache = useQueryClient();
  const toast = useToast();
  const { data: state } = useQuery({
    queryKey: ["push", "here", user.id],
    queryFn: () => readPushState(user.id),
    staleTime: 0, // permission may be changed beside the address at any time
  });
  const act = useMutationOnce<unknown, boolean>({
    mutationFn: (wanted) => (wanted ? turnPushOn(user.id) : turnPushOff()),
    onSuccess: (_, wanted) => {
      toast({ kind: "ok", text: wanted ? texts.pushTurnedOn : texts.pushTurnedOff });
    },
    onSettled: () => cache.invalidateQueries({ queryKey: ["push"] }),
  });
  const { error } = act;
  const ours = error instanceof PushDismissedError ? texts.pushDismissed : error instanceof PushServiceError ? texts.pushFailed : null;
  const told = ours ?? (state === undefined ? null : said(state, texts));
  const isAble = state === "on" || state === "off";
  return (
    <Section title={texts.pushTitle}>
      {state === undefined && <Skeleton height="32px" />}
      {told !== null && (
        <p className={styles.note} role={ours === null ? undefined : "alert"} data-testid="push" data-state={state}>
          <Icon name={ours !== null || !isAble ? "alert" : state === "on" ? "bell" : "bell-off"} />
          <span>{told}</span>
        </p>
      )}
      {ours === null && <ErrorNote error={error} />}
      {isAble && (
        <div className={styles.actions}>
          <Button
            kind={state === "on" ? "secondary" : "primary"}
            busy={act.isPending}
            onClick={() => {
              act.mutate(state === "off");
            }}
          >
            {state === "on" ? texts.pushTurnOff : texts.pushTurnOn}
          </Button>
        </div>
      )}
      <Browsers />
    </Section>
  );
}

function said(state: PushState, texts: (typeof TEXTS)["en"]): string {
  switch (state) {
    case "insecure":
      return texts.pushInsecure;
    case "install-first":
      return texts.pushInstall;
    case "unsupported":
      return texts.pushUnsupported;
    case "denied":
      return texts.pushDenied;
    case "off":
      return texts.pushOff;
    case "on":
      return texts.pushOn;
  }
}

function Browsers(): ReactNode {
  const texts = useTexts(TEXTS);
  const cache = useQueryClient();
  const { data, error, refetch } = useQuery({
    queryKey: ["push", "browsers"],
    queryFn: ({ signal }) => get<Data<PushBrowser>>("/push/subscriptions", undefined, signal),
  });
  const remove = useMutationOnce<unknown, PushBrowser>({
    mutationFn: (browser) => (browser.is_current ? turnPushOff() : send("DELETE", `/push/subscriptions/${browser.id}`)),
    onSettled: () => cache.invalidateQueries({ queryKey: ["push"] }),
  });
  if (data?.data.length === 0) return null;
  return (
    <>
      <h3>{texts.browsersTitle}</h3>
      <ErrorNote error={error ?? remove.error} retry={error === null ? undefined : refetch} />
      <ul className={styles.rows}>
        {data?.data.map((browser) => {
          const name = browserName(browser.user_agent, texts.unknownBrowser);
          return (
            <li key={browser.id} className={styles.row}>
              <div className={styles.rowText}>
                <span className={styles.rowName}>
                  <bdi>{name}</bdi>
                  {browser.is_current && <Badge kind="accent">{texts.sessionsThis}</Badge>}
                </span>
                <span className={styles.meta}>
                  <span>
                    {texts.sessionsSince} <Time value={browser.created_at} />
                  </span>
                </span>
              </div>
              <Button
                aria-label={texts.browserRemove(name)}
                disabled={remove.isPending}
                onClick={() => {
                  remove.mutate(browser);
                }}
              >
                {texts.remove}
              </Button>
            </li>
          );
        })}
      </ul>
    </>
  );
}
