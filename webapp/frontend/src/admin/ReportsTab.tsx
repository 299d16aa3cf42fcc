import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { ApiError, send } from "../api/client";
import { usePages } from "../api/pages";
import type { Me, Schemas } from "../api/types";
import { Link, navigate, useLocation } from "../app/router";
import { List } from "../discovery/lists";
import { useProblemText, useTexts } from "../i18n";
import { Badge, Button, Dialog, Empty, ErrorNote, Icon, Menu, Select, TextArea, Time, useMutationOnce, useToast, type MenuItem } from "../ui";
import styles from "./admin.module.css";
import type { TabProps } from "./AdminPage";
import { Somebody } from "./parts";
import { TEXTS } from "./reports.texts";
import { TEXTS as COMMON } from "./texts";

type Report = Schemas["StaffReport"];
type Status = "open" | "resolved" | "rejected";

const KEY = ["admin", "reports"];
const REFRESH_MS = 15_000;

/** What people reported: to take, to look at, to decide. */
export default function ReportsTab({ user }: TabProps): ReactNode {
  const texts = useTexts(TEXTS);
  const { search } = useLocation();
  const asked = search.get("status");
  const status: Status = asked === "resolved" || asked === "rejected" ? asked : "open";
  const pages = usePages<Report>(KEY, "/admin/reports", { status }, { refreshMs: REFRESH_MS });
  const [decided, setDecided] = useState<Report | null>(null);
  return (
    <>
      <div className={styles.filters}>
        <Select
          label={texts.status}
          value={status}
          options={(["open", "resolved", "rejected"] as const).map((value) => ({ value, label: texts.statuses[value] }))}
          onChange={(value) => {
            navigate(value === "open" ? "/admin/reports" : `/admin/reports?status=${value}`, { replace: true });
          }}
        />
      </div>
      <List pages={pages} empty={<Empty icon="flag" title={texts.empty} text={texts.emptyText} />}>
        {(rows) => (
          <ul className={styles.rows}>
            {rows.map((report) => (
              <Row key={report.id} report={report} user={user} onDecide={setDecided} />
            ))}
          </ul>
        )}
      </List>
      {decided !== null && (
        <DecideDialog
          report={decided}
          onClose={() => {
            setDecided(null);
          }}
        />
      )}
    </>
  );
}

interface RowProps {
  readonly report: Report;
  readonly user: Me;
  readonly onDecide: (report: Report) => void;
}

function Row({ report, user, onDecide }: RowProps): ReactNode {
  const texts = useTexts(TEXTS);
  const common = useTexts(COMMON);
  const reason = texts.reasons[report.reason] ?? report.reason;
  const login = report.broadcaster_login;
  const items: readonly MenuItem[] =
    login === null
      ? []
      : [
          { label: texts.look, icon: "play", to: `/${login}` },
          { label: texts.account, icon: "user", to: `/admin/users?login=${login}` },
          { label: texts.log, icon: "clock", to: `/admin/audit?channel=${login}` },
        ];
  return (
    <li className={styles.row} data-testid="report">
      <div className={styles.text}>
        <span className={styles.name}>
          {reason}
          <Badge>{texts.targets[report.target_type] ?? report.target_type}</Badge>
          {login === null ? (
            <span className={styles.quiet}>{texts.gone}</span>
          ) : (
            <Link to={`/${login}`}>
              <bdi>{login}</bdi>
            </Link>
          )}
        </span>
        {report.description !== "" && (
          <p className={styles.said}>
            <bdi>{report.description}</bdi>
          </p>
        )}
        <span className={styles.meta}>
          <span>
            {texts.by} {report.reporter_login === null ? common.nobody : <Somebody login={report.reporter_login} />} <Time value={report.created_at} />
          </span>
          {report.status !== "open" && report.handled_at !== null && (
            <span>
              {texts.handledBy} {report.handler_login ?? common.nobody} <Time value={report.handled_at} />
            </span>
          )}
        </span>
        {report.note !== "" && (
          <p className={styles.said}>
            <bdi>{report.note}</bdi>
          </p>
        )}
      </div>
      <div className={styles.actions}>
        {report.status === "open" && (
          <>
            <Holder report={report} user={user} />
            <Button
              kind="primary"
              onClick={() => {
                onDecide(report);
              }}
            >
              {texts.decide}
            </Button>
          </>
        )}
        {items.length > 0 && <Menu label={common.actions(login ?? reason)} trigger={<Icon name="more" />} items={items} />}
      </div>
    </li>
  );
}

/** Who looks into a report: so that no two do the same. */
function Holder({ report, user }: { report: Report; user: Me }): ReactNode {
  const texts = useTexts(TEXTS);
  const say = useProblemText();
  const toast = useToast();
  const cache = useQueryClient();
  const holder = report.handler_login;
  const isMine = holder === user.login;
  const take = useMutationOnce({
    mutationFn: () => send("PUT", `/admin/reports/${report.id}/holder`, isMine ? { take: false } : { take: true, instead_of: holder }),
    onError: (error) => {
      toast({ kind: "error", text: error instanceof ApiError && error.status === 409 ? texts.raced : say(error) });
    },
    onSettled: () => cache.invalidateQueries({ queryKey: KEY }),
  });
  return (
    <>
      {holder !== null && <span className={styles.quiet}>{isMine ? texts.heldByMe : texts.heldBy(holder)}</span>}
      <Button
        busy={take.isPending}
        onClick={() => {
          take.mutate();
        }}
      >
        {holder === null ? texts.take : isMine ? texts.release : texts.takeOver}
      </Button>
    </>
  );
}

function DecideDialog({ report, onClose }: { report: Report; onClose: () => void }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const cache = useQueryClient();
  const [status, setStatus] = useState<"resolved" | "rejected">("resolved");
  const [note, setNote] = useState("");
  const close = useMutationOnce({
    mutationFn: () => send("PATCH", `/admin/reports/${report.id}`, { status, note }),
    onSuccess: () => {
      toast({ kind: "ok", text: texts.done });
      onClose();
    },
    onSettled: () => cache.invalidateQueries({ queryKey: ["admin"] }),
  });
  return (
    <Dialog open onClose={onClose} title={texts.decideTitle}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          close.mutate();
        }}
      >
        <ErrorNote error={close.error} />
        <Select
          label={texts.outcome}
          value={status}
          options={(["resolved", "rejected"] as const).map((value) => ({ value, label: texts.outcomes[value] }))}
          onChange={setStatus}
        />
        <TextArea label={texts.note} hint={texts.noteHint} rows={4} maxLength={2000} value={note} onChange={setNote} />
        <div className={styles.foot}>
          <Button type="submit" kind="primary" busy={close.isPending}>
            {texts.go}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
