import { useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { send } from "../../api/client";
import type { Data } from "../../api/types";
import { useFormat, useTexts } from "../../i18n";
import { Button, ErrorNote, useMutationOnce } from "../../ui";
import { first, testPictureKey, useTestPicture, type TestPicture } from "../data";
import styles from "./live.module.css";
import { TEXTS } from "./texts";

/** The button that shows the test picture, and ends it. */
export function TestPictureBox({ login }: { login: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const cache = useQueryClient();
  const { data, error, refetch } = useTestPicture(login);
  const learn = (picture: TestPicture): void => {
    cache.setQueryData(testPictureKey(login), picture);
    void cache.invalidateQueries({ queryKey: ["ingest", login] });
  };
  const start = useMutationOnce({
    mutationFn: async () => first(await send<Data<TestPicture>>("POST", `/channels/${login}/test-stream`)),
    onSuccess: learn,
    onError: () => void refetch(),
  });
  const stop = useMutationOnce({
    mutationFn: () => send("DELETE", `/channels/${login}/test-stream`),
    onSuccess: () => {
      learn({ is_running: false, started_at: null, ends_at: null });
    },
    onError: () => void refetch(), // it may have ended by itself
  });
  const isRunning = data?.is_running === true;
  return (
    <div className={styles.test}>
      <div>
        <h3>{texts.test}</h3>
        <p className={styles.quiet}>{texts.testText}</p>
        {isRunning && data.ends_at !== null && <p role="status">{texts.testUntil(format.time(data.ends_at))}</p>}
      </div>
      <Button
        icon={isRunning ? "close" : "play"}
        busy={start.isPending || stop.isPending}
        onClick={() => {
          if (isRunning) stop.mutate();
          else start.mutate();
        }}
      >
        {isRunning ? texts.testStop : texts.testStart}
      </Button>
      <ErrorNote error={start.error ?? stop.error ?? error} />
    </div>
  );
}
