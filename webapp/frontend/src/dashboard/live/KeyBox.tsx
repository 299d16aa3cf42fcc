import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { send } from "../../api/client";
import type { Data } from "../../api/types";
import { useTexts } from "../../i18n";
import { Button, Dialog, ErrorNote, Skeleton, Time, useMutationOnce } from "../../ui";
import { CopyField } from "../CopyField";
import { first, keysKey, useKeys, type StreamKey } from "../data";
import styles from "./live.module.css";
import { TEXTS } from "./texts";

/** The stream key: made, shown once, and put in the place of the old one. */
export function KeyBox({ login }: { login: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const cache = useQueryClient();
  const { data: keys, error, refetch } = useKeys(login, true);
  /** Only here, and only until the page is left. */
  const [made, setMade] = useState<StreamKey | null>(null);
  const [asks, setAsks] = useState(false);
  const refresh = (): Promise<void> => cache.invalidateQueries({ queryKey: keysKey(login) });
  const create = useMutationOnce({
    mutationFn: async () => first(await send<Data<StreamKey>>("POST", `/channels/${login}/keys`, { label: texts.keyLabel })),
    onSuccess: setMade,
    onSettled: refresh,
  });
  const rotate = useMutationOnce<StreamKey, string>({
    mutationFn: async (id) => first(await send<Data<StreamKey>>("POST", `/channels/${login}/keys/${id}/rotation`)),
    onSuccess: (key) => {
      setMade(key);
      setAsks(false);
    },
    onSettled: refresh,
  });
  if (keys === undefined) return error === null ? <Skeleton height="60px" /> : <ErrorNote error={error} retry={refetch} />;
  const current = keys.find(({ id }) => id === made?.id) ?? keys[0] ?? made;
  return (
    <div className={styles.key}>
      {made?.stream_key !== undefined && (
        <>
          <CopyField key={made.id} label={texts.key} value={made.stream_key} isSecret />
          <p className={styles.important} role="status">
            {texts.shownOnce}
          </p>
        </>
      )}
      {current === null ? (
        <>
          <p>{texts.noKey}</p>
          <div>
            <Button
              kind="primary"
              icon="key"
              busy={create.isPending}
              onClick={() => {
                create.mutate();
              }}
            >
              {texts.makeKey}
            </Button>
          </div>
        </>
      ) : (
        <div className={styles.keyLine}>
          <p>
            {texts.hasKey(current.last4)}{" "}
            {current.last_used_at === null ? (
              texts.neverUsed
            ) : (
              <>
                {texts.used} <Time value={current.last_used_at} />
              </>
            )}
            {keys.length > 1 && ` ${texts.moreKeys(keys.length - 1)}`}
          </p>
          <Button
            icon="refresh"
            onClick={() => {
              rotate.reset();
              setAsks(true);
            }}
          >
            {texts.rotate}
          </Button>
        </div>
      )}
      <ErrorNote error={create.error ?? (asks ? null : error)} />
      {current !== null && (
        <Dialog
          open={asks}
          title={texts.rotateTitle}
          onClose={() => {
            setAsks(false);
          }}
          footer={
            <>
              <Button
                onClick={() => {
                  setAsks(false);
                }}
              >
                {texts.cancel}
              </Button>
              <Button
                kind="danger"
                busy={rotate.isPending}
                onClick={() => {
                  rotate.mutate(current.id);
                }}
              >
                {texts.rotateDo}
              </Button>
            </>
          }
        >
          <p>{texts.rotateText(current.last4)}</p>
          <p>{texts.rotateLive}</p>
          <p>{texts.rotateAfter}</p>
          <ErrorNote error={rotate.error} />
        </Dialog>
      )}
    </div>
  );
}
