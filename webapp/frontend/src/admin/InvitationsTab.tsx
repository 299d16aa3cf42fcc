import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { Section } from "../account/settings/Section";
import { get, send } from "../api/client";
import type { Data, Schemas } from "../api/types";
import { Link } from "../app/router";
import { useSite } from "../app/session";
import { useFormat, useTexts } from "../i18n";
import { Button, ErrorNote, Select, Skeleton, Time, useMutationOnce, useToast } from "../ui";
import styles from "./admin.module.css";
import { TEXTS } from "./invitations.texts";

type Invitation = Schemas["ShownInvitation"];
type Days = keyof (typeof TEXTS)["en"]["dayChoices"];

const KEY = ["admin", "invitations"];
/** As the audit log names one. */
const SHOWN = 12;

/** Invitations: to make, to copy once, to take back. */
export default function InvitationsTab(): ReactNode {
  const texts = useTexts(TEXTS);
  const { registration } = useSite();
  return (
    <>
      <p className={styles.quiet}>{texts.lead}</p>
      {registration !== "invite" && (
        <p className={styles.note}>
          {texts[registration]} <Link to="/admin/settings">{texts.toSettings}</Link>
        </p>
      )}
      <NewInvitation />
      <Waiting />
    </>
  );
}

function NewInvitation(): ReactNode {
  const texts = useTexts(TEXTS);
  const { urls } = useSite();
  const cache = useQueryClient();
  const [days, setDays] = useState<Days>("14");
  const make = useMutationOnce({
    mutationFn: () => send<Data<Invitation>>("POST", "/admin/invitations", { days: Number(days) }),
    onSettled: () => cache.invalidateQueries({ queryKey: KEY }),
  });
  const secret = make.data?.data[0]?.invitation;
  return (
    <Section title={texts.make}>
      <ErrorNote error={make.error} />
      <form
        className={styles.filters}
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        <Select label={texts.days} value={days} options={Object.entries(texts.dayChoices).map(([value, label]) => ({ value: value as Days, label }))} onChange={setDays} />
        <Button type="submit" kind="primary" busy={make.isPending}>
          {texts.make}
        </Button>
      </form>
      {secret !== undefined && <NewLink link={`${urls.web}/signup?invitation=${encodeURIComponent(secret)}`} />}
    </Section>
  );
}

function NewLink({ link }: { link: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(link);
      toast({ kind: "ok", text: texts.copied });
    } catch {
      toast({ kind: "error", text: texts.notCopied });
    }
  };
  return (
    <div className={styles.form} role="status">
      <p>{texts.made}</p>
      <div className={styles.actions}>
        <input
          className={styles.link}
          readOnly
          aria-label={texts.link}
          value={link}
          onFocus={(event) => {
            event.target.select();
          }}
        />
        <Button icon="copy" onClick={() => void copy()}>
          {texts.copy}
        </Button>
      </div>
    </div>
  );
}

function Waiting(): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const toast = useToast();
  const cache = useQueryClient();
  const { data, error, refetch } = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => get<Data<Invitation>>("/admin/invitations", undefined, signal),
    refetchInterval: 30_000,
  });
  const revoke = useMutationOnce<unknown, Invitation>({
    mutationFn: ({ id }) => send("DELETE", `/admin/invitations/${id}`),
    onSuccess: () => {
      toast({ kind: "ok", text: texts.revoked });
    },
    onSettled: () => cache.invalidateQueries({ queryKey: KEY }),
  });
  return (
    <Section title={texts.waiting}>
      <ErrorNote error={error ?? revoke.error} retry={error === null ? undefined : refetch} />
      {data === undefined && error === null && <Skeleton height="48px" />}
      {data?.data.length === 0 && <p className={styles.quiet}>{texts.none}</p>}
      {data !== undefined && data.data.length > 0 && (
        <ul className={styles.rows}>
          {data.data.map((invitation) => {
            const id = invitation.id.slice(0, SHOWN);
            return (
              <li key={invitation.id} className={styles.row} data-testid="invitation">
                <div className={styles.text}>
                  <code>{id}</code>
                  <span className={styles.meta}>
                    <span>
                      {texts.madeAt} <Time value={invitation.created_at} />
                    </span>
                    <span>
                      {texts.until} {format.dateTime(invitation.expires_at)}
                    </span>
                  </span>
                </div>
                <Button
                  aria-label={texts.revokeOf(id)}
                  disabled={revoke.isPending}
                  onClick={() => {
                    revoke.mutate(invitation);
                  }}
                >
                  {texts.revoke}
                </Button>
              </li>
            );
          })}
        </ul>
      )}
    </Section>
  );
}
