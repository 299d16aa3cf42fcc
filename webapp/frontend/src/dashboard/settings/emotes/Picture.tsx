import { useEffect, useState, type ReactNode } from "react";

import { useTexts } from "../../../i18n";
import { pictureFault } from "./codes";
import styles from "./Emotes.module.css";
import { TEXTS } from "./texts";

/** What a file holds, as an address: the policy of our pages lets pictures come from there, and not from `blob:`. */
function useDataAddress(file: File): string | undefined {
  const [address, setAddress] = useState<string>();
  const isFit = pictureFault(file) === null;
  useEffect(() => {
    if (!isFit) return undefined;
    const reader = new FileReader();
    reader.onload = () => {
      if (typeof reader.result === "string") setAddress(reader.result);
    };
    reader.readAsDataURL(file);
    return () => {
      reader.onload = null;
    };
  }, [file, isFit]);
  return address;
}

/** A picture in the sizes in which it will be seen, on both grounds. */
export function Preview({ file, sides }: { file: File; sides: readonly number[] }): ReactNode {
  const texts = useTexts(TEXTS);
  const address = useDataAddress(file);
  const [isBroken, setIsBroken] = useState(false);
  if (address === undefined || isBroken) return null;
  return (
    <div className={styles.grounds} role="img" aria-label={texts.preview(file.name)} title={texts.sizes}>
      {[false, true].map((isLight) => (
        <div key={String(isLight)} className={styles.ground} data-light={isLight || undefined}>
          {sides.map((side) => (
            <img
              key={side}
              src={address}
              alt=""
              width={side}
              height={side}
              onError={() => {
                setIsBroken(true);
              }}
            />
          ))}
        </div>
      ))}
    </div>
  );
}
