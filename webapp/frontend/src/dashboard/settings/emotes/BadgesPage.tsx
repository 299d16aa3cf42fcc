import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { Section } from "../../../account/settings/Section";
import rows from "../../../account/settings/settings.module.css";
import { assetPath } from "../../../api/assets";
import { get, send } from "../../../api/client";
import type { Data, Schemas } from "../../../api/types";
import { useSession } from "../../../app/session";
import { useTexts } from "../../../i18n";
import { Badge, Button, ErrorNote, Select, Skeleton, useMutationOnce, useToast } from "../../../ui";
import type { SectionProps } from "../../sections";
import kit from "../kit/Kit.module.css";
import { ACCEPTED, MONTHS, pictureFault } from "./codes";
import styles from "./Emotes.module.css";
import { FileTarget } from "./FileTarget";
import { Preview } from "./Picture";
import { TEXTS } from "./texts";
import { UPLOAD_MS } from "./UploadForm";

type OwnBadge = Schemas["OwnBadge"];

const SIDES = [18, 36, 72];

/** The badges that a channel's subscribers have, by how long they subscribe. */
export default function BadgesPage({ login }: SectionProps): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const { user } = useSession();
  const cache = useQueryClient();
  const queryKey = ["dashboard", "badges", login];
  const path = `/channels/${login}/badges`;
  const { data, error, refetch } = useQuery({
    queryKey,
    queryFn: async ({ signal }) => (await get<Data<OwnBadge>>(`${path}/all`, undefined, signal)).data,
    enabled: user !== null,
    refetchInterval: 30_000, // the staff may have decided
  });
  const refresh = (): Promise<void> => cache.invalidateQueries({ queryKey });
  const removal = useMutationOnce<unknown, number>({
    mutationFn: (months) => send("DELETE", `${path}/subscriber/${months}`),
    onSuccess: () => {
      toast({ kind: "ok", text: texts.badgeDeleted });
    },
    onSettled: refresh,
  });
  if (data === undefined) {
    return error === null ? <Skeleton height="240px" /> : <ErrorNote error={error} retry={refetch} />;
  }
  return (
    <div className={kit.page}>
      <p className={kit.lead}>{texts.badgesLead}</p>
      <BadgeForm path={path} taken={new Set(data.map(({ months }) => months))} onUploaded={refresh} />
      <Section title={texts.badges}>
        <ErrorNote error={removal.error} />
        {data.length === 0 && <p className={kit.quiet}>{texts.badgesNone}</p>}
        <ul className={rows.rows} data-testid="badges">
          {data.map((badge) => (
            <li key={badge.months} className={rows.row} data-status={badge.status}>
              {badge.images !== null && <img className={styles.badge} src={assetPath(badge.images.url_4x)} alt="" width={36} height={36} />}
              <div className={rows.rowText}>
                <span className={rows.rowName}>
                  {texts.badgeFrom(badge.months)}
                  <Badge kind={badge.status === "approved" ? "accent" : badge.status === "rejected" ? "live" : "plain"}>{texts.statuses[badge.status]}</Badge>
                </span>
                <span className={rows.meta}>
                  {badge.status === "pending" && <span>{texts.pendingText}</span>}
                  {badge.reason !== "" && <bdi>{texts.because(badge.reason)}</bdi>}
                </span>
              </div>
              <Button aria-label={texts.badgeDelete(badge.months)} disabled={removal.isPending} onClick={() => { removal.mutate(badge.months); }}>
                {texts.delete}
              </Button>
            </li>
          ))}
        </ul>
      </Section>
    </div>
  );
}

function BadgeForm({ path, taken, onUploaded }: { path: string; taken: ReadonlySet<number>; onUploaded: () => Promise<void> }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const [months, setMonths] = useState("1");
  const [file, setFile] = useState<File | null>(null);
  const [fault, setFault] = useState("");
  const act = useMutationOnce<unknown, File>({
    mutationFn: (picture) => send("PUT", `${path}/subscriber/${months}`, picture, UPLOAD_MS),
    onSuccess: async () => {
      setFile(null);
      toast({ kind: "ok", text: texts.badgeSaved });
      await onUploaded();
    },
  });
  return (
    <Section title={texts.badge} text={texts.badgeText}>
      <div className={kit.narrow}>
        <Select
          label={texts.badgeMonths}
          hint={taken.has(Number(months)) ? texts.badgeReplaces : undefined}
          value={months}
          options={MONTHS.map((value) => ({ value: String(value), label: String(value) }))}
          onChange={setMonths}
        />
      </div>
      <FileTarget
        label={texts.chooseOne}
        accept={ACCEPTED}
        testId="badge-file"
        onFiles={([chosen]) => {
          if (chosen === undefined) return;
          const wrong = pictureFault(chosen);
          setFault(wrong === null ? "" : texts.faults[wrong]);
          act.reset();
          if (wrong === null) setFile(chosen);
        }}
      />
      <span role="alert">{fault !== "" && <span className={kit.fault}>{fault}</span>}</span>
      {file !== null && <Preview file={file} sides={SIDES} />}
      <ErrorNote error={act.error} />
      {file !== null && (
        <div className={kit.actions}>
          <Button kind="primary" busy={act.isPending} onClick={() => { act.mutate(file); }}>
            {texts.upload}
          </Button>
          <Button kind="ghost" disabled={act.isPending} onClick={() => { setFile(null); }}>
            {texts.remove}
          </Button>
        </div>
      )}
    </Section>
  );
}
