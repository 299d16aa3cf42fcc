/** What a moderator can do with a line of chat, beside it; lengths of timeouts come in the place of the rest. */

import { useState, type ReactNode } from "react";

import { useChat } from "../chat/context";
import type { ChatMessage } from "../chat/frames";
import { Button, IconButton } from "../ui";
import { TIMEOUTS_S } from "./keys";

export default function LineTools({ message, tabIndex }: { message: ChatMessage; tabIndex: number }): ReactNode {
  const { texts, acts, me, openCard } = useChat();
  const [isTiming, setIsTiming] = useState(false);
  const login = message.chatter_user_login;
  // Nobody reaches themselves or the owner; whom else, the server says.
  const isReachable = login !== me?.login && !message.roles.includes("broadcaster");
  if (isTiming) {
    return (
      <>
        {TIMEOUTS_S.map((seconds) => (
          <Button
            key={seconds}
            size="small"
            kind="ghost"
            tabIndex={tabIndex}
            aria-label={texts.timeoutFor(seconds)}
            onClick={() => {
              setIsTiming(false);
              void acts.ban(login, seconds);
            }}
          >
            {texts.span(seconds)}
          </Button>
        ))}
        <IconButton
          icon="back"
          size="small"
          label={texts.cancel}
          tabIndex={tabIndex}
          onClick={() => {
            setIsTiming(false);
          }}
        />
      </>
    );
  }
  return (
    <>
      <IconButton icon="pin" size="small" label={texts.pin} tabIndex={tabIndex} onClick={() => void acts.pin(message.message_id)} />
      <IconButton icon="trash" size="small" label={texts.deleteMessage} tabIndex={tabIndex} onClick={() => void acts.deleteMessage(message.message_id)} />
      {isReachable && (
        <>
          <IconButton
            icon="clock"
            size="small"
            label={texts.timeout}
            tabIndex={tabIndex}
            aria-expanded={false}
            onClick={() => {
              setIsTiming(true);
            }}
          />
          <IconButton icon="ban" size="small" label={texts.ban} tabIndex={tabIndex} onClick={() => void acts.ban(login, null)} />
          <IconButton
            icon="alert"
            size="small"
            label={texts.warn}
            tabIndex={tabIndex}
            onClick={() => {
              openCard(login, true);
            }}
          />
        </>
      )}
    </>
  );
}
