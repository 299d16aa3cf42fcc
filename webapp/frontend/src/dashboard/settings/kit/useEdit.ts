import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { ApiError } from "../../../api/client";
import { useSession } from "../../../app/session";
import { useMutationOnce } from "../../../ui";
import { keep, keptOf, useDraftId } from "./keeping";
import { begun, changesOf, isChanged, kept, saved, taken, told, typed, type Edited } from "./merge";

export interface EditOptions<T extends object> {
  /** Names the form in the cache, and what was typed in it: channel and page. */
  readonly name: string;
  readonly load: (signal: AbortSignal) => Promise<T>;
  /** Send `changes`, if those fields still are what `was` says (else the API answers 409 `stale`); give what is set then. */
  readonly save: (changes: Partial<T>, was: Partial<T>, draft: T) => Promise<T>;
  readonly onSaved?: () => void;
}

/** A form of settings that others may edit at the same time. */
export interface Edit<T extends object> {
  /** Undefined until it was read. */
  readonly form: Edited<T> | undefined;
  readonly isChanged: boolean;
  readonly isSaving: boolean;
  /** Why it could not be read, or saved. */
  readonly loadError: Error | null;
  readonly error: Error | null;
  /** What was typed before, in this tab, is back. */
  readonly isRestored: boolean;
  set: (change: Partial<T>) => void;
  keepOurs: (field: keyof T & string) => void;
  takeTheirs: (field: keyof T & string) => void;
  save: () => void;
  discard: () => void;
  retry: () => void;
}

/** Whether a refusal says that somebody else was faster. */
export function isStale(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409 && error.reason === "stale";
}

/** Load, edit, save; and merge what others save meanwhile. What is typed stays until it is saved or discarded. */
export function useEdit<T extends object>({ name, load, save, onSaved }: EditOptions<T>): Edit<T> {
  const { user } = useSession();
  const cache = useQueryClient();
  const draftId = useDraftId(name);
  const [restored] = useState(() => keptOf(draftId) as Edited<T> | undefined);
  const [form, setForm] = useState<Edited<T> | undefined>(restored);
  const [seen, setSeen] = useState<T>();
  const queryKey = ["dashboard", "edit", name];
  const query = useQuery({ queryKey, queryFn: ({ signal }) => load(signal), enabled: user !== null });
  const { data } = query;
  if (data !== undefined && data !== seen) {
    setSeen(data);
    setForm(form === undefined ? begun(data) : told(form, data));
  }

  const changed = form !== undefined && isChanged(form);
  useEffect(() => {
    keep(draftId, changed ? form : undefined);
  }, [draftId, changed, form]);

  const act = useMutationOnce<{ sent: Partial<T>; data: T }, Edited<T>>({
    mutationFn: async ({ base, draft }) => {
      const sent = changesOf(base, draft);
      return { sent, data: await save(sent, changesOf(draft, base), draft) };
    },
    onSuccess: ({ sent, data: now }) => {
      setForm((form) => (form === undefined ? begun(now) : saved(form, sent, now)));
      cache.setQueryData(queryKey, now);
      onSaved?.();
    },
    onError: (error) => {
      if (isStale(error)) void query.refetch();
    },
  });

  const change = (make: (form: Edited<T>) => Edited<T>): void => {
    setForm((form) => (form === undefined ? form : make(form)));
  };
  return {
    form,
    isChanged: changed,
    isSaving: act.isPending,
    loadError: form === undefined ? query.error : null,
    error: act.error,
    isRestored: restored !== undefined && changed,
    set: (value) => {
      change((form) => typed(form, value));
    },
    keepOurs: (field) => {
      change((form) => kept(form, field));
    },
    takeTheirs: (field) => {
      change((form) => taken(form, field));
    },
    save: () => {
      if (form !== undefined) act.mutate({ ...form });
    },
    discard: () => {
      act.reset();
      change((form) => begun(form.base));
    },
    retry: () => void query.refetch(),
  };
}
