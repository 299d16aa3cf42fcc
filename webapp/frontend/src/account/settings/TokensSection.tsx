import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { send } from "../../api/client";
import { usePages } from "../../api/pages";
import { useTexts } from "../../i18n";
import { Button, ErrorNote, Skeleton, Time, useMutationOnce, useToast } from "../../ui";
import type { Token } from "../types";
import { NewToken } from "./NewToken";
import { SCOPE_TEXTS, scopeText } from "./scopes";
import { Section } from "./Section";
import styles from "./settings.module.css";
import { TEXTS } from "./texts";

/** Personal access tokens: what programs use in somebody's name. */
export function TokensSection(): ReactNode {
  const texts = useTexts(TEXTS);
  const cache = useQueryClient();
  const toast = useToast();
  const [isMaking, setIsMaking] = useState(false);
  const { rows, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = usePages<Token>(["tokens"], "/tokens");
  const refresh = (): Promise<void> => cache.invalidateQueries({ queryKey: ["tokens"] });
  const revoke = useMutationOnce<unknown, string>({
    mutationFn: (id) => send("DELETE", `/tokens/${id}`),
    onSuccess: () => {
      toast({ kind: "ok", text: texts.tokenRevoked });
    },
    onSettled: refresh,
  });
  return (
    <Section title={texts.tokensTitle} text={texts.tokensText}>
      {isMaking ? (
        <NewToken
          onMade={refresh}
          onClose={() => {
            setIsMaking(false);
          }}
        />
      ) : (
        <div className={styles.actions}>
          <Button
            icon="plus"
            onClick={() => {
              setIsMaking(true);
            }}
          >
            {texts.tokensNew}
          </Button>
        </div>
      )}
      <ErrorNote error={error ?? revoke.error} retry={error === null ? undefined : refetch} />
      {rows === undefined && error === null && <Skeleton height="48px" />}
      {rows?.length === 0 && <p className={styles.quiet}>{texts.tokensNone}</p>}
      <ul className={styles.rows} data-testid="tokens">
        {rows?.map((token) => (
          <TokenRow
            key={token.id}
            token={token}
            isBusy={revoke.isPending}
            onRevoke={() => {
              revoke.mutate(token.id);
            }}
          />
        ))}
      </ul>
      {hasNextPage && (
        <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {texts.more}
        </Button>
      )}
    </Section>
  );
}

function TokenRow({ token, isBusy, onRevoke }: { token: Token; isBusy: boolean; onRevoke: () => void }): ReactNode {
  const texts = useTexts(TEXTS);
  const scopes = useTexts(SCOPE_TEXTS);
  const label = token.label === "" ? texts.tokenUnnamed : token.label;
  return (
    <li className={styles.row}>
      <div className={styles.rowText}>
        <span className={styles.rowName}>
          <bdi>{label}</bdi> <code>…{token.last4}</code>
        </span>
        <span className={styles.meta}>{token.scopes.map((scope) => scopeText(scopes, scope)).join(" · ")}</span>
        <span className={styles.meta}>
          <span>
            {texts.tokenMade} <Time value={token.created_at} />
          </span>
          <span>
            {texts.tokenUsed} {token.last_used_at === null ? texts.never : <Time value={token.last_used_at} />}
          </span>
          <span>
            {texts.tokenEnds} {token.expires_at === null ? texts.never : <Time value={token.expires_at} />}
          </span>
        </span>
      </div>
      <Button aria-label={texts.tokenRevokeOf(label)} disabled={isBusy} onClick={onRevoke}>
        {texts.tokenRevoke}
      </Button>
    </li>
  );
}
