/** What can be done with a message, beside it. */

import { lazy, Suspense, type ReactNode } from "react";

import { IconButton } from "../ui";
import { useChat } from "./context";
import type { ChatMessage } from "./frames";
import styles from "./Log.module.css";

const LineTools = lazy(() => import("../moderation/LineTools"));

export function Toolbar({ message, isCurrent }: { message: ChatMessage; isCurrent: boolean }): ReactNode {
  const { texts, me, isModerator, reply } = useChat();
  if (!me) return null;
  const tabIndex = isCurrent ? 0 : -1;
  return (
    <div className={styles.tools} role="group" aria-label={texts.actionsFor(message.chatter_user_name)}>
      <IconButton
        icon="reply"
        size="small"
        label={texts.reply}
        tabIndex={tabIndex}
        onClick={() => {
          reply(message);
        }}
      />
      {isModerator && (
        <Suspense>
          <LineTools message={message} tabIndex={tabIndex} />
        </Suspense>
      )}
    </div>
  );
}
