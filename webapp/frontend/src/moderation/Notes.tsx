/** What the moderators of a channel noted about somebody, together. What two wrote at once is shown side by side. */

import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { ApiError, get, send } from "../api/client";
import type { Data, Schemas } from "../api/types";
import { queryClient } from "../app/queries";
import { useFormat, useProblemText, useTexts } from "../i18n";
import { Button, ErrorNote, Skeleton, TextArea, useMutationOnce } from "../ui";
import styles from "./Moderation.module.css";
import { TEXTS } from "./texts";

type Noted = Schemas["Notes"];

const MOST_NOTE = 2_000;

interface NotesProps {
  /** Login of the channel. */
  readonly channel: string;
  readonly userId: string;
}

export function Notes({ channel, userId }: NotesProps): ReactNode {
  const texts = useTexts(TEXTS);
  const path = `/channels/${channel}/moderation/users/${userId}/notes`;
  const queryKey = ["moderation", channel, "notes", userId];
  const { data, error, refetch } = useQuery({
    queryKey,
    queryFn: async ({ signal }) => (await get<Data<Noted>>(path, undefined, signal)).data[0] ?? null,
  });
  return (
    <section className={styles.block} aria-label={texts.notes} data-testid="mod-notes">
      {data ? (
        <Edited
          key={userId}
          stored={data}
          path={path}
          keep={(noted) => {
            queryClient.setQueryData(queryKey, noted);
          }}
          reread={async () => (await refetch()).data ?? null}
        />
      ) : (
        <>
          <h4>{texts.notes}</h4>
          {error === null ? <Skeleton width="100%" height="4em" /> : <ErrorNote error={error} retry={refetch} />}
        </>
      )}
    </section>
  );
}

interface EditedProps {
  /** As the server has them, as far as is known. */
  readonly stored: Noted;
  readonly path: string;
  readonly keep: (noted: Noted) => void;
  readonly reread: () => Promise<Noted | null>;
}

function Edited({ stored, path, keep, reread }: EditedProps): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const say = useProblemText();
  /** What is being written, and what it was made of; null: nothing is, and what others write is shown. */
  const [draft, setDraft] = useState<{ readonly text: string; readonly on: Noted } | null>(null);
  const [isSaved, setIsSaved] = useState(false);
  const save = useMutationOnce({
    mutationFn: async ({ text, version }: { text: string; version: number }) => (await send<Data<Noted>>("PUT", path, { text, version })).data[0],
    onSuccess: (noted) => {
      if (noted) keep(noted);
      setDraft(null);
      setIsSaved(true);
    },
    onError: async (error) => {
      if (error instanceof ApiError && error.status === 409) await reread();
    },
  });
  const isOther = draft !== null && draft.on.version !== stored.version;
  return (
    <form
      className={styles.block}
      onSubmit={(event) => {
        event.preventDefault();
        if (draft !== null) save.mutate({ text: draft.text, version: draft.on.version });
      }}
    >
      <TextArea
        label={texts.notes}
        hint={texts.notesHint}
        rows={3}
        maxLength={MOST_NOTE}
        value={draft?.text ?? stored.text}
        error={save.error !== null && !isOther ? say(save.error) : null}
        onChange={(text) => {
          setIsSaved(false);
          setDraft({ text, on: draft?.on ?? stored });
        }}
      />
      {isOther && (
        <div className={styles.clash} role="alert" data-testid="mod-notes-clash">
          <p>{texts.notesChanged}</p>
          <bdi className={styles.quote}>{stored.text}</bdi>
          <p className={styles.buttons}>
            <Button
              size="small"
              onClick={() => {
                setDraft(null);
                save.reset();
              }}
            >
              {texts.notesTheirs}
            </Button>
            <Button
              size="small"
              onClick={() => {
                setDraft({ text: `${stored.text}\n${draft.text}`.slice(0, MOST_NOTE), on: stored });
                save.reset();
              }}
            >
              {texts.notesBoth}
            </Button>
          </p>
        </div>
      )}
      {!isOther && draft !== null && (
        <p className={styles.buttons}>
          <Button size="small" kind="primary" type="submit" busy={save.isPending}>
            {texts.save}
          </Button>
        </p>
      )}
      <p className={styles.quiet} role="status">
        {isSaved
          ? texts.saved
          : stored.updated_at !== null && stored.moderator_name !== null && texts.notedBy(stored.moderator_name, format.dateTime(stored.updated_at))}
      </p>
    </form>
  );
}
