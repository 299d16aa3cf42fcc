import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, type ReactNode } from "react";

import { get, send } from "../../api/client";
import type { Data, Me } from "../../api/types";
import { Link } from "../../app/router";
import { useSite } from "../../app/session";
import { useTexts } from "../../i18n";
import { ErrorNote, Skeleton, useMutationOnce } from "../../ui";
import { only, type NotificationSettings, type Ways } from "../types";
import { PushSection } from "./PushSection";
import { Section } from "./Section";
import styles from "./settings.module.css";
import { TEXTS } from "./texts";

const KEY = ["notification-settings"];
const KINDS = ["live", "personal"] as const;
const WAYS = ["site", "push", "mail"] as const;

/** What somebody is told, and how. */
export function NotificationsTab({ user }: { user: Me }): ReactNode {
  return (
    <>
      <WaysSection user={user} />
      <PushSection user={user} />
    </>
  );
}

interface Change {
  readonly kind: keyof NotificationSettings;
  readonly way: keyof Ways;
  readonly wanted: boolean;
}

function WaysSection({ user }: { user: Me }): ReactNode {
  const texts = useTexts(TEXTS);
  const cache = useQueryClient();
  const { features } = useSite();
  const { data, error, refetch } = useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }) => only(await get<Data<NotificationSettings>>("/users/me/notification-settings", undefined, signal)),
  });
  const act = useMutationOnce<NotificationSettings, Change>({
    mutationFn: async ({ kind, way, wanted }) =>
      only(await send<Data<NotificationSettings>>("PATCH", "/users/me/notification-settings", { [kind]: { [way]: wanted } })),
    onSuccess: (changed) => {
      cache.setQueryData(KEY, changed);
    },
  });
  const mayMail = features.mail === true && user.email_verified === true;
  const isOn = (kind: keyof NotificationSettings, way: keyof Ways): boolean => {
    const { variables: change } = act;
    // While it is sent the box shows what was wanted; refused, it shows what is.
    if (act.isPending && change?.kind === kind && change.way === way) return change.wanted;
    return data?.[kind][way] ?? false;
  };
  return (
    <Section title={texts.noticesTitle} text={texts.noticesText}>
      <ErrorNote error={error ?? act.error} retry={error === null ? undefined : refetch} />
      {data === undefined && error === null && <Skeleton height="120px" />}
      {data !== undefined && (
        <WaysTable
          mayMail={mayMail}
          isOn={isOn}
          onChange={(kind, way, wanted) => {
            act.mutate({ kind, way, wanted });
          }}
        />
      )}
      {!mayMail && (
        <p className={styles.quiet}>
          {features.mail === true ? (
            <>
              {texts.mailUnconfirmed} <Link to="/settings/profile">{texts.mailToProfile}</Link>
            </>
          ) : (
            texts.mailOff
          )}
        </p>
      )}
    </Section>
  );
}

interface WaysTableProps {
  readonly mayMail: boolean;
  readonly isOn: (kind: keyof NotificationSettings, way: keyof Ways) => boolean;
  readonly onChange: (kind: keyof NotificationSettings, way: keyof Ways, wanted: boolean) => void;
}

function WaysTable({ mayMail, isOn, onChange }: WaysTableProps): ReactNode {
  const texts = useTexts(TEXTS);
  const id = useId();
  const kinds = { live: texts.kindLive, personal: texts.kindPersonal };
  const ways = { site: texts.waySite, push: texts.wayPush, mail: texts.wayMail };
  return (
    <table className={styles.ways}>
      <thead>
        <tr>
          <td />
          {WAYS.map((way) => (
            <th key={way} scope="col" id={`${id}${way}`}>
              {ways[way]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {KINDS.map((kind) => (
          <tr key={kind}>
            <th scope="row" id={`${id}${kind}`}>
              {kinds[kind]}
            </th>
            {WAYS.map((way) => (
              <td key={way}>
                <input
                  type="checkbox"
                  className={styles.tick}
                  aria-labelledby={`${id}${kind} ${id}${way}`}
                  data-testid={`${kind}-${way}`}
                  checked={isOn(kind, way)}
                  // What was turned on before can be turned off.
                  disabled={way === "mail" && !mayMail && !isOn(kind, way)}
                  onChange={(event) => {
                    onChange(kind, way, event.target.checked);
                  }}
                />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
