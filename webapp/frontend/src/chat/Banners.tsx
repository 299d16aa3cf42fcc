/** What somebody has to do before they may write: acknowledge a warning, or ask to be unbanned. */

import { useState, type ReactNode } from "react";

import { Button, TextArea } from "../ui";
import styles from "./ChatPanel.module.css";
import { useChat } from "./context";
import type { RoomView } from "./room";

export default function Banners({ view }: { view: RoomView }): ReactNode {
  const { texts, acts } = useChat();
  return (
    <>
      {view.warning !== null && (
        <div className={styles.banner} role="alert" data-testid="chat-warning">
          <bdi>{texts.warned(view.warning)}</bdi>
          <Button
            size="small"
            onClick={() => {
              void acts.acknowledge();
            }}
          >
            {texts.acknowledge}
          </Button>
        </div>
      )}
      {view.barredUntil === Infinity && <UnbanRequest />}
    </>
  );
}

function UnbanRequest(): ReactNode {
  const { texts, acts } = useChat();
  const [text, setText] = useState<string | null>(null);
  const [isSent, setIsSent] = useState(false);
  if (isSent) return <p className={styles.banner}>{texts.unbanSent}</p>;
  if (text === null) {
    return (
      <Button
        size="small"
        onClick={() => {
          setText("");
        }}
      >
        {texts.askUnban}
      </Button>
    );
  }
  return (
    <form
      className={styles.banner}
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== "") void acts.requestUnban(text.trim()).then(setIsSent);
      }}
    >
      <TextArea label={texts.unbanText} value={text} maxLength={500} rows={3} onChange={setText} />
      <Button size="small" kind="primary" type="submit">
        {texts.askUnban}
      </Button>
    </form>
  );
}
