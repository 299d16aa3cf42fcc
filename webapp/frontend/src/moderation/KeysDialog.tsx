/** Which key does what, and how to change it. */

import { useEffect, useState, type ReactNode } from "react";

import { useTexts } from "../i18n";
import { Button, Dialog } from "../ui";
import { ACTIONS, keyOf, parseKeys, rebind, USUAL_KEYS, type Action, type Keys } from "./keys";
import styles from "./Moderation.module.css";
import { useStored } from "./stored";
import { TEXTS } from "./texts";

export function KeysDialog({ userId, onClose }: { userId: string; onClose: () => void }): ReactNode {
  const texts = useTexts(TEXTS);
  const [keys, setKeys] = useStored<Keys>(`weir-mod-keys:${userId}`, parseKeys);
  const [asking, setAsking] = useState<Action | null>(null);
  useEffect(() => {
    if (asking === null) return undefined;
    const press = (event: KeyboardEvent): void => {
      if (event.key === "Tab" || event.key === "Shift") return;
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Escape") {
        setAsking(null);
        return;
      }
      const key = keyOf(event);
      if (key === null) return;
      setKeys(rebind(keys, asking, key));
      setAsking(null);
    };
    // Before the dialog hears of it, which Esc would close.
    window.addEventListener("keydown", press, true);
    return () => {
      window.removeEventListener("keydown", press, true);
    };
  }, [asking, keys, setKeys]);
  return (
    <Dialog
      open
      onClose={() => {
        if (asking === null) onClose();
        else setAsking(null);
      }}
      title={texts.keysTitle}
      footer={
        <Button
          onClick={() => {
            setKeys(USUAL_KEYS);
          }}
        >
          {texts.resetKeys}
        </Button>
      }
    >
      <p className={styles.quiet}>{texts.keysHint}</p>
      <ul className={styles.keys} data-testid="mod-keys">
        {ACTIONS.map((action) => {
          const key = keys[action] === "" ? texts.noKey : keys[action];
          return (
            <li key={action}>
              <span>{texts.actions[action]}</span>
              <Button
                size="small"
                aria-label={asking === action ? texts.pressKey : texts.change(texts.actions[action], key)}
                onClick={() => {
                  setAsking(action);
                }}
              >
                {asking === action ? texts.pressKey : <kbd>{key}</kbd>}
              </Button>
            </li>
          );
        })}
      </ul>
    </Dialog>
  );
}
