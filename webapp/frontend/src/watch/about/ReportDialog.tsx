import { useState, type ReactNode } from "react";

import { send } from "../../api/client";
import type { Channel } from "../../api/types";
import { useProblemText, useTexts } from "../../i18n";
import { Button, Dialog, Select, TextArea, useMutationOnce, useToast } from "../../ui";
import styles from "./About.module.css";
import { TEXTS, type DialogTexts } from "./dialog-texts";

type Reason = keyof DialogTexts["reasons"];

/** Tell the staff of the site about the broadcast, or about the channel while there is none. */
export function ReportDialog({ open, onClose, channel }: { open: boolean; onClose: () => void; channel: Channel }): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <Dialog open={open} onClose={onClose} title={texts.reportTitle(channel.broadcaster_name)}>
      <ReportForm channel={channel} onClose={onClose} />
    </Dialog>
  );
}

function ReportForm({ channel, onClose }: { channel: Channel; onClose: () => void }): ReactNode {
  const texts = useTexts(TEXTS);
  const say = useProblemText();
  const toast = useToast();
  const [reason, setReason] = useState<Reason>("spam");
  const [description, setDescription] = useState("");
  const report = useMutationOnce({
    mutationFn: async () => {
      const target =
        channel.stream_id === null
          ? { target_type: "channel", target_id: channel.broadcaster_id }
          : { target_type: "stream", target_id: channel.stream_id };
      await send("POST", "/reports", { ...target, reason, description });
    },
    onSuccess: () => {
      toast({ kind: "ok", text: texts.reportDone });
      onClose();
    },
  });
  return (
    <form
      className={styles.stack}
      onSubmit={(event) => {
        event.preventDefault();
        report.mutate();
      }}
    >
      <Select
        label={texts.reportWhat}
        value={reason}
        options={(Object.keys(texts.reasons) as Reason[]).map((value) => ({ value, label: texts.reasons[value] }))}
        onChange={setReason}
      />
      <TextArea
        label={texts.reportMore}
        rows={4}
        maxLength={2000}
        value={description}
        onChange={setDescription}
        error={report.isError ? say(report.error) : null}
      />
      <Button type="submit" kind="primary" icon="flag" busy={report.isPending}>
        {texts.reportGo}
      </Button>
    </form>
  );
}
