import { useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { send } from "../../api/client";
import { usePages } from "../../api/pages";
import { useTexts } from "../../i18n";
import { Button, ErrorNote, Skeleton, Time, useMutationOnce, useToast } from "../../ui";
import type { Connection } from "../types";
import { SCOPE_TEXTS, scopeText } from "./scopes";
import { Section } from "./Section";
import styles from "./settings.module.css";
import { TEXTS } from "./texts";

/** The apps that may act for somebody. */
export function AppsSection(): ReactNode {
  const texts = useTexts(TEXTS);
  const scopes = useTexts(SCOPE_TEXTS);
  const cache = useQueryClient();
  const toast = useToast();
  const { rows, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = usePages<Connection>(
    ["connections"],
    "/users/me/connections",
  );
  const end = useMutationOnce<unknown, string>({
    mutationFn: (clientId) => send("DELETE", `/users/me/connections/${encodeURIComponent(clientId)}`),
    onSuccess: () => {
      toast({ kind: "ok", text: texts.appEnded });
    },
    onSettled: () => cache.invalidateQueries({ queryKey: ["connections"] }),
  });
  return (
    <Section title={texts.appsTitle} text={rows?.length === 0 ? texts.appsNone : texts.appsText}>
      <ErrorNote error={error ?? end.error} retry={error === null ? undefined : refetch} />
      {rows === undefined && error === null && <Skeleton height="48px" />}
      {rows !== undefined && rows.length > 0 && (
        <ul className={styles.rows} data-testid="connections">
          {rows.map((app) => (
            <li key={app.id} className={styles.row}>
              <div className={styles.rowText}>
                <span className={styles.rowName}>
                  <bdi>{app.name}</bdi>
                </span>
                <span className={styles.meta}>
                  <span>{texts.appBy(app.owner_login)}</span>
                  <span>
                    {texts.appAllowed} <Time value={app.allowed_at} />
                  </span>
                </span>
                <span className={styles.meta}>
                  {texts.appScopes}: {[texts.appIdentity, ...app.scopes.map((scope) => scopeText(scopes, scope))].join(" · ")}
                </span>
              </div>
              <Button
                aria-label={texts.appEndOf(app.name)}
                disabled={end.isPending}
                onClick={() => {
                  end.mutate(app.client_id);
                }}
              >
                {texts.appEnd}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {texts.more}
        </Button>
      )}
    </Section>
  );
}
