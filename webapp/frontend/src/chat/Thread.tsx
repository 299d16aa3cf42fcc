/** A message and the answers to it, as far as they are still here. */

import type { ReactNode } from "react";

import { Button } from "../ui";
import { useChat } from "./context";
import { Row } from "./Row";
import { Sheet } from "./Sheet";

export default function Thread({ threadId, onClose }: { threadId: string; onClose: () => void }): ReactNode {
  const { store, texts, reply, me } = useChat();
  const lines = store.thread(threadId);
  const first = lines.find(({ message }) => message.message_id === threadId);
  const last = lines.at(-1);
  return (
    <Sheet title={texts.thread} onClose={onClose} testId="chat-thread">
      {!first && <p>{texts.threadGone}</p>}
      <div>
        {lines.map((line) => (
          <Row key={line.key} line={line} isCurrent={false} />
        ))}
      </div>
      {me !== null && last && (
        <Button
          size="small"
          icon="reply"
          onClick={() => {
            reply(last.message);
            onClose();
          }}
        >
          {texts.reply}
        </Button>
      )}
    </Sheet>
  );
}
