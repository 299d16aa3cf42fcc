/** Who asks to be unbanned, and the answers. */

import { useState, type ReactNode } from "react";

import { usePages } from "../api/pages";
import type { Schemas } from "../api/types";
import { Button, Empty, ErrorNote, SpinnerPage, TextField, Time } from "../ui";
import { useModerating } from "./context";
import styles from "./Moderation.module.css";
import { PersonButton } from "./QueuePane";
import { listKey } from "./useDesk";

type Request = Schemas["Request"];

const PAGE = 50;
const MOST_ANSWER = 500;

export function RequestsPane(): ReactNode {
  const { login, texts } = useModerating();
  const { rows, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = usePages<Request>(
    listKey(login, "requests"),
    `/channels/${login}/moderation/unban-requests`,
    { status: "pending", first: PAGE },
  );
  if (rows === undefined) return error === null ? <SpinnerPage label={texts.loading} /> : <ErrorNote error={error} retry={refetch} />;
  if (rows.length === 0) return <Empty icon="mail" title={texts.noRequests} text={texts.noRequestsText} />;
  return (
    <div className={styles.scroller} tabIndex={0} role="region" aria-label={texts.panes.requests}>
      <ul className={styles.list}>
        {rows.map((request) => (
          <OneRequest key={request.id} request={request} settled={refetch} />
        ))}
      </ul>
      {hasNextPage && (
        <div className={styles.end}>
          <Button size="small" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {texts.more}
          </Button>
        </div>
      )}
    </div>
  );
}

function OneRequest({ request, settled }: { request: Request; settled: () => unknown }): ReactNode {
  const { texts, acts, openPerson } = useModerating();
  const [answer, setAnswer] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const { user_login: login, user_name: name } = request;
  const resolve = async (isApproved: boolean): Promise<void> => {
    setIsBusy(true);
    await acts.resolveUnban(request.id, login, isApproved, answer.trim());
    setIsBusy(false);
    settled(); // also when somebody else was faster
  };
  return (
    <li className={styles.item} data-testid="mod-request">
      <p className={styles.heldHead}>
        <PersonButton login={login} name={name} open={openPerson} />
        <span className={styles.quiet}>
          <Time value={request.created_at} />
        </span>
      </p>
      <bdi className={styles.heldText} dir="auto">
        {request.text}
      </bdi>
      <TextField label={texts.answer} value={answer} maxLength={MOST_ANSWER} onChange={setAnswer} />
      <p className={styles.buttons}>
        <Button size="small" busy={isBusy} aria-label={texts.approveOf(name)} onClick={() => void resolve(true)}>
          {texts.approve}
        </Button>
        <Button size="small" kind="danger" busy={isBusy} aria-label={texts.refuseOf(name)} onClick={() => void resolve(false)}>
          {texts.refuse}
        </Button>
      </p>
    </li>
  );
}
