import { useRef, useState, type ReactNode } from "react";

import { useTexts } from "../../../i18n";
import { Button } from "../../../ui";
import styles from "./Emotes.module.css";
import { TEXTS } from "./texts";

export interface FileTargetProps {
  readonly label: string;
  readonly accept: string;
  readonly testId: string;
  readonly multiple?: boolean;
  readonly busy?: boolean;
  readonly onFiles: (files: readonly File[]) => void;
}

/** Where files are chosen, or dropped. */
export function FileTarget({ label, accept, testId, multiple = false, busy = false, onFiles }: FileTargetProps): ReactNode {
  const texts = useTexts(TEXTS);
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setIsOver] = useState(false);
  const take = (files: FileList | null): void => {
    const all = [...(files ?? [])];
    if (all.length > 0) onFiles(multiple ? all : all.slice(0, 1));
  };
  return (
    <div
      className={styles.target}
      data-over={isOver || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={() => {
        setIsOver(false);
      }}
      onDrop={(event) => {
        event.preventDefault();
        setIsOver(false);
        take(event.dataTransfer.files);
      }}
    >
      <Button icon="upload" busy={busy} onClick={() => input.current?.click()}>
        {label}
      </Button>
      <span className={styles.drop}>{texts.drop}</span>
      <input
        ref={input}
        type="file"
        accept={accept}
        multiple={multiple}
        aria-label={label}
        data-testid={testId}
        hidden
        onChange={(event) => {
          take(event.target.files);
          event.target.value = ""; // the same file may be chosen again
        }}
      />
    </div>
  );
}
