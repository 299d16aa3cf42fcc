/** Small things that several tabs show. */

import { useQueryClient, type QueryKey } from "@tanstack/react-query";
import { useState, type ReactNode, type SyntheticEvent } from "react";

import { Link } from "../app/router";
import { useTexts } from "../i18n";
import { Button, Dialog, ErrorNote, TextArea, useMutationOnce, useToast } from "../ui";
import styles from "./admin.module.css";
import { TEXTS } from "./parts.texts";

/** Somebody, with the way to their account in this administration. */
export function Somebody({ login, name = login }: { login: string; name?: string }): ReactNode {
  return (
    <Link to={`/admin/users?login=${encodeURIComponent(login)}`}>
      <bdi>{name}</bdi>
    </Link>
  );
}

export interface DeedDialogProps {
  readonly title: string;
  readonly text: string;
  /** What the button says. */
  readonly go: string;
  readonly danger?: boolean;
  /** How long a reason may be; without it, none is asked for. */
  readonly reason?: { readonly max: number; readonly hint: string; readonly needed?: boolean };
  readonly act: (reason: string) => Promise<unknown>;
  /** Said when it is done. */
  readonly done: string;
  /** What is to be asked for again, whatever came of it. */
  readonly refresh: QueryKey;
  readonly onClose: () => void;
}

/** Asks whether something is to be done, and why, and does it. What was typed stays when it is refused. */
export function DeedDialog({ title, text, go, danger = false, reason, act, done, refresh, onClose }: DeedDialogProps): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const cache = useQueryClient();
  const [why, setWhy] = useState("");
  const [isMissing, setMissing] = useState(false);
  const deed = useMutationOnce({
    mutationFn: () => act(why.trim()),
    onSuccess: () => {
      toast({ kind: "ok", text: done });
      onClose();
    },
    onSettled: () => cache.invalidateQueries({ queryKey: refresh }),
  });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const missing = reason?.needed === true && why.trim() === "";
    setMissing(missing);
    if (!missing) deed.mutate();
  };
  return (
    <Dialog open onClose={onClose} title={title}>
      <form className={styles.form} onSubmit={submit} noValidate>
        <p>{text}</p>
        <ErrorNote error={deed.error} />
        {reason !== undefined && (
          <TextArea
            label={texts.reason}
            hint={reason.hint}
            error={isMissing ? texts.needed : null}
            rows={2}
            maxLength={reason.max}
            value={why}
            onChange={(value) => {
              setWhy(value.replaceAll("\n", " "));
            }}
          />
        )}
        <div className={styles.foot}>
          <Button onClick={onClose}>{texts.cancel}</Button>
          <Button type="submit" kind={danger ? "danger" : "primary"} busy={deed.isPending}>
            {go}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

