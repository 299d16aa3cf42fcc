/** A question to everybody in the room. */

import { useState, type ReactNode } from "react";

import { Button, Select, TextField } from "../ui";
import { useChat } from "./context";
import { Sheet } from "./Sheet";

const MOST_TITLE = 60;
const MOST_CHOICE = 25;
const MOST_CHOICES = 5;
const LENGTHS_S = ["60", "120", "300", "600", "1800"] as const;

export default function PollForm({ onClose }: { onClose: () => void }): ReactNode {
  const { texts, acts } = useChat();
  const [title, setTitle] = useState("");
  const [choices, setChoices] = useState<readonly string[]>(["", ""]);
  const [length, setLength] = useState<(typeof LENGTHS_S)[number]>("120");
  const [isSending, setIsSending] = useState(false);
  const given = choices.map((choice) => choice.trim()).filter((choice) => choice !== "");
  const isWhole = title.trim() !== "" && given.length >= 2;
  const create = async (): Promise<void> => {
    setIsSending(true);
    const isDone = await acts.createPoll(title.trim(), given, Number(length));
    setIsSending(false);
    if (isDone) onClose(); // else the lines say why not
  };
  return (
    <Sheet title={texts.startPoll} onClose={onClose} testId="poll-form">
      <TextField label={texts.question} value={title} maxLength={MOST_TITLE} onChange={setTitle} />
      {choices.map((choice, index) => (
        <TextField
          key={index}
          label={texts.choice(index + 1)}
          value={choice}
          maxLength={MOST_CHOICE}
          onChange={(text) => {
            setChoices(choices.map((old, place) => (place === index ? text : old)));
          }}
        />
      ))}
      {choices.length < MOST_CHOICES && (
        <Button
          size="small"
          icon="plus"
          onClick={() => {
            setChoices([...choices, ""]);
          }}
        >
          {texts.moreChoices}
        </Button>
      )}
      <Select
        label={texts.pollLength}
        value={length}
        options={LENGTHS_S.map((value) => ({ value, label: texts.span(Number(value)) }))}
        onChange={setLength}
      />
      <Button
        kind="primary"
        busy={isSending}
        aria-disabled={!isWhole || undefined}
        onClick={() => {
          if (isWhole) void create();
        }}
      >
        {texts.startPoll}
      </Button>
    </Sheet>
  );
}
