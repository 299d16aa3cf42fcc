import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode, type SyntheticEvent } from "react";

import { ApiError, send } from "../../api/client";
import { usePages } from "../../api/pages";
import { Link } from "../../app/router";
import { useTexts } from "../../i18n";
import { Button, ErrorNote, Skeleton, TextField, Time, useMutationOnce, useToast } from "../../ui";
import { useFaults } from "../fields";
import { LOGIN_PATTERN } from "../refusal";
import type { Block } from "../types";
import { Section } from "./Section";
import styles from "./settings.module.css";
import { TEXTS } from "./texts";

/** Whom somebody wants to have nothing to do with. */
export function BlockedTab(): ReactNode {
  const texts = useTexts(TEXTS);
  const cache = useQueryClient();
  const toast = useToast();
  const { rows, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = usePages<Block>(["blocks"], "/users/me/blocks");
  const unblock = useMutationOnce<unknown, Block>({
    mutationFn: ({ user_login }) => send("DELETE", `/users/me/blocks/${user_login}`),
    onSuccess: (_, { display_name }) => {
      toast({ kind: "ok", text: texts.unblocked(display_name) });
    },
    onSettled: () => cache.invalidateQueries({ queryKey: ["blocks"] }),
  });
  return (
    <Section title={texts.blocked} text={texts.blockedText}>
      <BlockForm />
      <ErrorNote error={error ?? unblock.error} retry={error === null ? undefined : refetch} />
      {rows === undefined && error === null && <Skeleton height="48px" />}
      {rows?.length === 0 && <p className={styles.quiet}>{texts.blockedNone}</p>}
      <ul className={styles.rows} data-testid="blocks">
        {rows?.map((block) => (
          <li key={block.user_id} className={styles.row}>
            <div className={styles.rowText}>
              <span className={styles.rowName}>
                <Link to={`/${block.user_login}`}>
                  <bdi>{block.display_name}</bdi>
                </Link>
              </span>
              <span className={styles.meta}>
                <span>
                  {texts.blockedSince} <Time value={block.created_at} />
                </span>
              </span>
            </div>
            <Button
              aria-label={texts.unblockOf(block.display_name)}
              disabled={unblock.isPending}
              onClick={() => {
                unblock.mutate(block);
              }}
            >
              {texts.unblock}
            </Button>
          </li>
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

function BlockForm(): ReactNode {
  const texts = useTexts(TEXTS);
  const cache = useQueryClient();
  const toast = useToast();
  const [login, setLogin] = useState("");
  const { form, faults, setFaults } = useFaults<"login">();
  const wanted = login.trim().replace(/^@/, "");
  const act = useMutationOnce({
    mutationFn: () => send("PUT", `/users/me/blocks/${wanted}`),
    onSuccess: async () => {
      toast({ kind: "ok", text: texts.blockedNow(wanted) });
      setLogin("");
      await cache.invalidateQueries({ queryKey: ["blocks"] });
    },
    onError: (error) => {
      if (!(error instanceof ApiError)) return;
      if (error.status === 404) setFaults({ login: texts.blockNobody(wanted) });
      else if (error.status === 422) setFaults({ login: texts.blockSelf });
    },
  });
  return (
    <form
      ref={form}
      className={styles.form}
      noValidate
      onSubmit={(event: SyntheticEvent) => {
        event.preventDefault();
        const fits = LOGIN_PATTERN.test(wanted);
        setFaults(fits ? {} : { login: texts.blockForm });
        if (fits) act.mutate();
      }}
    >
      {faults.login === undefined && <ErrorNote error={act.error} />}
      <div className={styles.inline}>
        <TextField
          label={texts.blockLogin}
          hint={texts.blockHint}
          value={login}
          onChange={setLogin}
          error={faults.login}
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          maxLength={50}
        />
        <Button type="submit" busy={act.isPending}>
          {texts.block}
        </Button>
      </div>
    </form>
  );
}
