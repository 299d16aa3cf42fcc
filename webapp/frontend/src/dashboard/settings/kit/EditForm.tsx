import { useEffect, useId, useRef, type ReactNode } from "react";

import { useFormat, useTexts } from "../../../i18n";
import { Button, ErrorNote, Skeleton } from "../../../ui";
import styles from "./Kit.module.css";
import type { Edited } from "./merge";
import { TEXTS } from "./texts";
import { isStale, type Edit } from "./useEdit";

export interface EditFormProps<T extends object> {
  readonly edit: Edit<T>;
  /** What the form is called, for assistive technology. */
  readonly label: string;
  /** What each field is called. */
  readonly labels: Readonly<Record<keyof T & string, string>>;
  /** What a value reads as, where it is no number, text, list, or yes and no. */
  readonly say?: ((field: keyof T & string, value: unknown) => string | undefined) | undefined;
  /** Whether what stands in it could be saved; false: the fields say what is wrong. */
  readonly isFit?: (draft: T) => boolean;
  readonly children: (form: Edited<T>) => ReactNode;
}

/** A form of settings, with what others did to them meanwhile, and the bar that saves it. */
export function EditForm<T extends object>({ edit, label, labels, say, isFit, children }: EditFormProps<T>): ReactNode {
  const texts = useTexts(TEXTS);
  const element = useRef<HTMLFormElement>(null);
  const { form } = edit;
  if (form === undefined) {
    return edit.loadError === null ? <Skeleton height="240px" /> : <ErrorNote error={edit.loadError} retry={edit.retry} />;
  }
  const stale = isStale(edit.error);
  return (
    <form
      ref={element}
      className={styles.form}
      aria-label={label}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const fit = isFit?.(form.draft) ?? true;
        // What both changed is not overwritten by a second click that comes before anybody could read of it.
        if (fit && form.conflicts.length === 0) edit.save();
        else element.current?.querySelector<HTMLElement>(fit ? "[data-testid=others] button" : "[aria-invalid=true]")?.focus();
      }}
    >
      {edit.isRestored && <p role="status">{texts.restored}</p>}
      {children(form)}
      <Others edit={edit} form={form} labels={labels} say={say} stale={stale} />
      {!stale && <ErrorNote error={edit.error} />}
      <div className={styles.bar}>
        <Button type="submit" kind="primary" busy={edit.isSaving} disabled={!edit.isChanged}>
          {texts.save}
        </Button>
        {edit.isChanged && (
          <Button kind="ghost" onClick={edit.discard}>
            {texts.discard}
          </Button>
        )}
        <span role="status" className={styles.unsaved}>
          {edit.isChanged && !edit.isSaving ? texts.unsaved : ""}
        </span>
      </div>
    </form>
  );
}

interface OthersProps<T extends object> extends Pick<EditFormProps<T>, "edit" | "labels" | "say"> {
  readonly form: Edited<T>;
  readonly stale: boolean;
}

function Others<T extends object>({ edit, form, labels, say, stale }: OthersProps<T>): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const id = useId();
  const { conflicts, news } = form;
  const note = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // Else it may be below the bar whose button was pressed.
    if (stale) note.current?.scrollIntoView({ block: "nearest" });
  }, [stale, conflicts.length]);
  const read = (field: keyof T & string, value: unknown): string => {
    const special = say?.(field, value);
    if (special !== undefined) return special;
    if (typeof value === "boolean") return value ? texts.on : texts.off;
    if (Array.isArray(value)) return value.length === 0 ? texts.none : value.map(String).join(", ");
    return value === null || value === undefined || value === "" ? texts.none : typeof value === "number" ? format.number(value) : JSON.stringify(value).replace(/^"|"$/g, "");
  };
  return (
    <div role="alert">
      {(stale || conflicts.length > 0 || news.length > 0) && (
        <div ref={note} className={styles.note} data-testid="others">
          {stale && <p>{texts.stale}</p>}
          {news.length > 0 && <p>{texts.news(format.list(news.map((field) => labels[field])))}</p>}
          {conflicts.length > 0 && <h3 id={id}>{texts.conflicts}</h3>}
          {conflicts.map((field) => (
            <div key={field} className={styles.conflict} role="group" aria-labelledby={id}>
              <span>{texts.conflictText(labels[field], read(field, form.base[field]), read(field, form.draft[field]))}</span>
              <Button aria-label={texts.keepOurs(labels[field])} onClick={() => { edit.keepOurs(field); }}>
                {texts.keepShort}
              </Button>
              <Button aria-label={texts.takeTheirs(labels[field])} onClick={() => { edit.takeTheirs(field); }}>
                {texts.takeShort}
              </Button>
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
