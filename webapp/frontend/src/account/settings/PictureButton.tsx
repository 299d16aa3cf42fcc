import { useRef, useState, type ReactNode } from "react";

import { useTexts } from "../../i18n";
import { Button } from "../../ui";
import { pictureFault } from "./pictures";
import styles from "./settings.module.css";
import { TEXTS } from "./texts";

export interface PictureButtonProps {
  readonly busy: boolean;
  /** Gets what may be a picture; the API has the last word. */
  readonly onChoose: (file: File) => void;
}

/** A button that asks for the file of a picture, and says at once what cannot be one. */
export function PictureButton({ busy, onChoose }: PictureButtonProps): ReactNode {
  const texts = useTexts(TEXTS);
  const input = useRef<HTMLInputElement>(null);
  const [fault, setFault] = useState("");
  const choose = (file: File | undefined): void => {
    if (file === undefined) return;
    const wrong = pictureFault(file);
    setFault(wrong === null ? "" : wrong === "large" ? texts.pictureTooLarge : texts.pictureKind);
    if (wrong === null) onChoose(file);
  };
  return (
    <>
      <Button icon="upload" busy={busy} onClick={() => input.current?.click()}>
        {texts.choosePicture}
      </Button>
      <input
        ref={input}
        type="file"
        accept="image/png,image/jpeg,image/webp,image/gif"
        aria-label={texts.choosePicture}
        data-testid="picture"
        hidden
        onChange={(event) => {
          choose(event.target.files?.[0]);
          event.target.value = ""; // the same file may be chosen again
        }}
      />
      <span role="alert">{fault !== "" && <span className={styles.fault}>{fault}</span>}</span>
    </>
  );
}
