/** How somebody wants to see chat. */

import type { ReactNode } from "react";

import { Select, Switch } from "../ui";
import { useChat } from "./context";
import { prefer, SIZES } from "./preferences";
import { Sheet } from "./Sheet";

export default function ChatSettings({ onClose }: { onClose: () => void }): ReactNode {
  const { texts, preferences } = useChat();
  return (
    <Sheet title={texts.settings} onClose={onClose} testId="chat-settings">
      <Switch
        label={texts.timestamps}
        checked={preferences.hasTimes}
        onChange={(hasTimes) => {
          prefer({ hasTimes });
        }}
      />
      <Switch
        label={texts.alternate}
        checked={preferences.isAlternating}
        onChange={(isAlternating) => {
          prefer({ isAlternating });
        }}
      />
      <Switch
        label={texts.still}
        checked={preferences.isStill}
        onChange={(isStill) => {
          prefer({ isStill });
        }}
      />
      <Select
        label={texts.fontSize}
        value={preferences.size}
        options={SIZES.map((value) => ({ value, label: texts.sizes[value] }))}
        onChange={(size) => {
          prefer({ size });
        }}
      />
    </Sheet>
  );
}
