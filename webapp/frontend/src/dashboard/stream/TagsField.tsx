import { useState, type ReactNode } from "react";

import { useTexts } from "../../i18n";
import { Field, IconButton } from "../../ui";
import styles from "./stream.module.css";
import { splitTags, withTag, type TagFault } from "./tags";
import { TEXTS } from "./texts";

export interface TagsFieldProps {
  readonly tags: readonly string[];
  readonly onChange: (tags: readonly string[]) => void;
}

/** Tags as words with a cross each, and a line to type more. */
export function TagsField({ tags, onChange }: TagsFieldProps): ReactNode {
  const texts = useTexts(TEXTS);
  const [text, setText] = useState("");
  const [fault, setFault] = useState<TagFault | null>(null);
  const faults: Readonly<Record<TagFault, string>> = { long: texts.tagLong, twice: texts.tagTwice, many: texts.tagMany };
  /** What cannot be added stays in the line. */
  const add = (words: readonly string[], rest: string): void => {
    let next = tags;
    for (const [index, word] of words.entries()) {
      const found = withTag(next, word);
      if (typeof found === "string") {
        setFault(found);
        setText([...words.slice(index), rest].filter((part) => part !== "").join(" "));
        if (next !== tags) onChange(next);
        return;
      }
      next = found;
    }
    setFault(null);
    setText(rest);
    if (next !== tags) onChange(next);
  };
  const type = (typed: string): void => {
    const { words, rest } = splitTags(typed);
    add(words, rest);
  };
  return (
    <Field label={texts.tags} hint={texts.tagsHint} error={fault === null ? null : faults[fault]}>
      {(wiring) => (
        <div className={styles.tags}>
          {tags.map((tag) => (
            <span key={tag} className={styles.tag}>
              <bdi>{tag}</bdi>
              <IconButton
                icon="close"
                size="small"
                label={texts.tagRemove(tag)}
                onClick={() => {
                  onChange(tags.filter((one) => one !== tag));
                }}
              />
            </span>
          ))}
          <input
            {...wiring}
            className={styles.tagInput}
            value={text}
            maxLength={200}
            autoComplete="off"
            placeholder={texts.tagAdd}
            onChange={(event) => {
              type(event.target.value);
            }}
            onBlur={() => {
              if (text.trim() !== "") type(`${text} `);
            }}
            onKeyDown={(event) => {
              if (event.key === "Enter" && !event.nativeEvent.isComposing) {
                event.preventDefault();
                if (text.trim() !== "") type(`${text} `);
              } else if (event.key === "Backspace" && text === "" && tags.length > 0) {
                onChange(tags.slice(0, -1));
              }
            }}
          />
        </div>
      )}
    </Field>
  );
}
