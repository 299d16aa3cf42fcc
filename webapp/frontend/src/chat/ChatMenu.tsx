/** What else can be done with a chat: settings, a window of its own, and the switches of moderators. */

import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { get } from "../api/client";
import { Button, Dialog, Icon, Menu, type MenuItem } from "../ui";
import { useChat } from "./context";

interface ChatMenuProps {
  /** As the room has told it; null: it has not. */
  readonly isShielded: boolean | null;
  readonly isPopout: boolean;
  readonly openSettings: () => void;
  readonly openPoll: () => void;
}

export function ChatMenu({ isShielded, isPopout, openSettings, openPoll }: ChatMenuProps): ReactNode {
  const { login, texts, acts, isModerator } = useChat();
  const [isClearing, setIsClearing] = useState(false);
  const shield = useQuery({
    queryKey: ["chat-shield", login],
    queryFn: ({ signal }) => get<{ data: readonly { is_active: boolean }[] }>(`/channels/${login}/shield-mode`, undefined, signal),
    enabled: isModerator,
  });
  const isOn = isShielded ?? shield.data?.data[0]?.is_active ?? false;
  const items: MenuItem[] = [{ label: texts.settings, icon: "settings", onSelect: openSettings }];
  if (!isPopout) {
    items.push({
      label: texts.popout,
      icon: "popout",
      onSelect: () => {
        window.open(`/popout/${login}/chat`, `chat-${login}`, "width=400,height=720");
      },
    });
  }
  if (isModerator) {
    items.push(
      "line",
      { label: texts.modView, icon: "eye", to: `/moderator/${login}` },
      { label: texts.startPoll, icon: "poll", onSelect: openPoll },
      {
        label: isOn ? texts.shieldOff : texts.shieldOn,
        icon: "shield",
        onSelect: () => {
          void acts.setShield(!isOn).then(() => shield.refetch());
        },
      },
      {
        label: texts.clearChat,
        icon: "trash",
        danger: true,
        onSelect: () => {
          setIsClearing(true);
        },
      },
    );
  }
  const close = (): void => {
    setIsClearing(false);
  };
  return (
    <>
      <Menu label={texts.menu} trigger={<Icon name="more" />} items={items} />
      <Dialog
        open={isClearing}
        onClose={close}
        title={texts.clearChat}
        footer={
          <>
            <Button onClick={close}>{texts.cancel}</Button>
            <Button
              kind="danger"
              onClick={() => {
                close();
                void acts.clear();
              }}
            >
              {texts.clearChat}
            </Button>
          </>
        }
      >
        <p>{texts.clearSure}</p>
      </Dialog>
    </>
  );
}
