import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useId, useState, type KeyboardEvent, type ReactNode } from "react";

import { get } from "../../api/client";
import type { Category, Data } from "../../api/types";
import { useTexts } from "../../i18n";
import { cx, Field } from "../../ui";
import styles from "./stream.module.css";
import { TEXTS } from "./texts";

const MOST = 8;
const PAUSE_MS = 200;

/** Of a channel; `id` '' is none. */
export interface Chosen {
  readonly id: string;
  readonly name: string;
}

const NONE: Chosen = { id: "", name: "" };

/** A category, found by typing (ARIA's combobox with a list). */
export function CategoryField({ chosen, onChange }: { chosen: Chosen; onChange: (chosen: Chosen) => void }): ReactNode {
  const texts = useTexts(TEXTS);
  const listId = useId();
  /** Null while nobody types: then the field shows what is chosen. */
  const [text, setText] = useState<string | null>(null);
  const [at, setAt] = useState(0);
  const wanted = usePaused(useDeferredValue(text?.trim() ?? ""));
  const { data, isFetching } = useQuery({
    queryKey: ["category-search", wanted],
    queryFn: ({ signal }) =>
      wanted === ""
        ? get<Data<Category>>("/games/top", { first: MOST }, signal)
        : get<Data<Category>>("/search/categories", { query: wanted, first: MOST }, signal),
    enabled: text !== null,
    placeholderData: (before) => before,
    staleTime: 60_000,
  });
  const found = data?.data ?? [];
  const options: readonly Chosen[] = wanted === "" ? [NONE, ...found] : found;
  const isOpen = text !== null && data !== undefined;
  const choose = (option: Chosen): void => {
    onChange({ id: option.id, name: option.name });
    setText(null);
  };
  const key = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      if (text === null) setText("");
      else if (options.length > 0) setAt((at + step + options.length) % options.length);
    } else if (event.key === "Enter" && isOpen) {
      event.preventDefault();
      const option = options[at];
      if (option !== undefined) choose(option);
    } else if (event.key === "Escape" && text !== null) {
      event.preventDefault();
      setText(null);
    }
  };
  return (
    <Field label={texts.category} hint={texts.categoryHint}>
      {(wiring) => (
        <div className={styles.combo}>
          <input
            {...wiring}
            className={styles.input}
            role="combobox"
            aria-expanded={isOpen}
            aria-controls={isOpen ? listId : undefined}
            aria-autocomplete="list"
            aria-activedescendant={isOpen && options[at] !== undefined ? `${listId}${at}` : undefined}
            autoComplete="off"
            maxLength={100}
            placeholder={texts.categoryNone}
            value={text ?? chosen.name}
            onChange={(event) => {
              setText(event.target.value);
              setAt(0);
            }}
            onFocus={(event) => {
              event.target.select();
            }}
            onClick={() => {
              if (text === null) {
                setText("");
                setAt(0);
              }
            }}
            onBlur={() => {
              setText(null);
            }}
            onKeyDown={key}
          />
          {isOpen && (
            <ul id={listId} role="listbox" aria-label={texts.category} className={styles.options}>
              {options.map((option, index) => (
                <li
                  key={option.id}
                  id={`${listId}${index}`}
                  role="option"
                  aria-selected={option.id === chosen.id}
                  className={cx(styles.option, index === at && styles.pointed)}
                  onPointerDown={(event) => {
                    event.preventDefault(); // the field keeps the focus
                  }}
                  onClick={() => {
                    choose(option);
                  }}
                >
                  <bdi>{option.id === "" ? texts.categoryClear : option.name}</bdi>
                </li>
              ))}
            </ul>
          )}
          <span role="status" className={isOpen && options.length === 0 ? styles.nothing : "visually-hidden"}>
            {!isOpen || isFetching ? "" : options.length === 0 ? texts.categoryNothing : texts.categoryFound(found.length)}
          </span>
        </div>
      )}
    </Field>
  );
}

/** `value`, once it has been so for a moment: not every letter is a question. */
function usePaused(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => {
      setSettled(value);
    }, PAUSE_MS);
    return () => {
      window.clearTimeout(timer);
    };
  }, [value]);
  return settled;
}
