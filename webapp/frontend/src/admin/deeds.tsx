/** What the staff does to an account or a channel, asked before it is done; several tabs offer it. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { get, queryText, send } from "../api/client";
import type { Channel, Data } from "../api/types";
import { useTexts } from "../i18n";
import { Button, Dialog, ErrorNote, Skeleton, Switch, TextField, useMutationOnce, useToast } from "../ui";
import styles from "./admin.module.css";
import { TEXTS } from "./deeds.texts";
import { DeedDialog } from "./parts";

export interface Asked {
  readonly login: string;
  readonly name: string;
  readonly onClose: () => void;
}

const ALL = ["admin"];

export function SuspendDialog({ login, name, onClose }: Asked): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <DeedDialog
      danger
      title={texts.suspendTitle(name)}
      text={texts.suspendText}
      go={texts.suspendGo}
      reason={{ max: 500, hint: texts.suspendHint, needed: true }}
      act={(reason) => send("PUT", `/admin/users/${login}/suspension`, { reason })}
      done={texts.suspended(name)}
      refresh={ALL}
      onClose={onClose}
    />
  );
}

export function RestoreDialog({ login, name, onClose }: Asked): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <DeedDialog
      title={texts.restoreTitle(name)}
      text={texts.restoreText}
      go={texts.restoreGo}
      act={() => send("DELETE", `/admin/users/${login}/suspension`)}
      done={texts.restored(name)}
      refresh={ALL}
      onClose={onClose}
    />
  );
}

export function EndDialog({ login, name, onClose }: Asked): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <DeedDialog
      danger
      title={texts.endTitle(name)}
      text={texts.endText}
      go={texts.endGo}
      reason={{ max: 200, hint: texts.endHint }}
      act={(reason) => send("DELETE", `/channels/${login}/stream${queryText(reason === "" ? {} : { reason })}`)}
      done={texts.ended(name)}
      refresh={ALL}
      onClose={onClose}
    />
  );
}

/** What everybody sees of a channel, to be put right by administrators. */
export function ChannelDialog({ login, name, onClose }: Asked): ReactNode {
  const texts = useTexts(TEXTS);
  const { data, error, refetch } = useQuery({
    queryKey: ["admin", "channel", login],
    queryFn: ({ signal }) => get<Data<Channel>>(`/channels/${login}`, undefined, signal),
    gcTime: 0,
  });
  const channel = data?.data[0];
  return (
    <Dialog open onClose={onClose} title={texts.channelTitle(name)}>
      <ErrorNote error={error} retry={refetch} />
      {channel === undefined ? error === null && <Skeleton height="120px" /> : <ChannelForm channel={channel} onClose={onClose} />}
    </Dialog>
  );
}

function ChannelForm({ channel, onClose }: { channel: Channel; onClose: () => void }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const cache = useQueryClient();
  // What was read first: what is asked for again meanwhile does not overwrite what is typed.
  const [before] = useState(channel);
  const [title, setTitle] = useState(channel.title);
  const [isMature, setMature] = useState(channel.is_mature);
  const save = useMutationOnce({
    mutationFn: () =>
      send("PATCH", `/channels/${channel.broadcaster_login}`, {
        ...(title === before.title ? {} : { title }),
        ...(isMature === before.is_mature ? {} : { is_mature: isMature }),
      }),
    onSuccess: () => {
      toast({ kind: "ok", text: texts.channelDone });
      onClose();
    },
    onSettled: () => cache.invalidateQueries({ queryKey: ["admin", "channels"] }),
  });
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <p>{texts.channelText}</p>
      <ErrorNote error={save.error} />
      <TextField label={texts.titleField} value={title} onChange={setTitle} maxLength={140} />
      <Switch label={texts.mature} hint={texts.matureHint} checked={isMature} onChange={setMature} />
      <div className={styles.foot}>
        <Button type="submit" kind="primary" busy={save.isPending}>
          {texts.channelGo}
        </Button>
      </div>
    </form>
  );
}
