import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { get } from "../api/client";
import type { Data, Schemas } from "../api/types";
import { Link } from "../app/router";
import { useSite } from "../app/session";
import { useFormat, useTexts } from "../i18n";
import { cx, ErrorNote, Skeleton } from "../ui";
import styles from "./admin.module.css";
import type { TabProps } from "./AdminPage";
import { TEXTS } from "./overview.texts";

type Overview = Schemas["Overview"];

const REFRESH_MS = 15_000;
/** Up to which the server counts. */
const COUNTED = 1000;

/** Figures that say whether there is something to do, each with the way to where it is done. */
export default function OverviewTab({ user }: TabProps): ReactNode {
  const texts = useTexts(TEXTS);
  const site = useSite();
  const { data, error, refetch } = useQuery({
    queryKey: ["admin", "overview"],
    queryFn: ({ signal }) => get<Data<Overview>>("/admin/overview", undefined, signal),
    refetchInterval: REFRESH_MS,
  });
  const figures = data?.data[0];
  return (
    <>
      <ErrorNote error={error} retry={refetch} />
      {figures === undefined ? error === null && <Skeleton height="240px" /> : <Figures figures={figures} isAdmin={user.type === "admin"} />}
      <p className={styles.quiet}>
        {texts.registration[site.registration]} {texts.version(site.version)}
      </p>
    </>
  );
}

function Figures({ figures, isAdmin }: { figures: Overview; isAdmin: boolean }): ReactNode {
  const texts = useTexts(TEXTS);
  const waits = figures.open_reports + figures.pending_emotes + figures.pending_badges + figures.streams_in_trouble + figures.nodes_in_trouble;
  return (
    <>
      <ul className={styles.figures}>
        <Figure value={figures.live} label={texts.live} to="/admin/live" />
        <Figure value={figures.viewers} label={texts.viewers} most={Infinity} to="/admin/live" />
        <Figure value={figures.streams_in_trouble} label={texts.streamsInTrouble} to="/admin/live" alarming />
        <Figure value={figures.open_reports} label={texts.openReports} to="/admin/reports" alarming />
        <Figure value={figures.pending_emotes} label={texts.pendingEmotes} to="/admin/emotes" alarming />
        <Figure value={figures.pending_badges} label={texts.pendingBadges} to="/admin/emotes?kind=badges" alarming />
        <Figure value={figures.nodes_in_trouble} label={texts.nodesInTrouble} to={isAdmin ? "/admin/nodes" : undefined} alarming />
        <Figure value={figures.dead_letters} label={texts.deadLetters} to={isAdmin ? "/admin/letters" : undefined} alarming />
        <Figure value={figures.accounts} label={texts.accounts} most={Infinity} to="/admin/users" />
        <Figure value={figures.new_accounts} label={texts.newAccounts} to="/admin/users" />
        <Figure value={figures.suspended} label={texts.suspended} to="/admin/users?status=suspended" />
      </ul>
      {waits === 0 && <p>{texts.allWell}</p>}
    </>
  );
}

interface FigureProps {
  readonly value: number;
  readonly label: string;
  readonly to: string | undefined;
  /** Above it the server does not count. */
  readonly most?: number;
  /** Any of it is something to look at. */
  readonly alarming?: boolean;
}

function Figure({ value, label, to, most = COUNTED, alarming = false }: FigureProps): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const inside = (
    <>
      <strong>{value > most ? texts.more(format.count(most)) : format.count(value)}</strong>
      <span>{label}</span>
    </>
  );
  const look = cx(styles.figure, alarming && value > 0 && styles.alarm);
  return (
    <li>
      {to === undefined ? (
        <div className={look}>{inside}</div>
      ) : (
        <Link className={look} to={to}>
          {inside}
        </Link>
      )}
    </li>
  );
}
