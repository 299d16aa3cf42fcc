import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode, type SyntheticEvent } from "react";

import { LOGIN_PATTERN } from "../../../account/refusal";
import { Section } from "../../../account/settings/Section";
import rows from "../../../account/settings/settings.module.css";
import { ApiError, send } from "../../../api/client";
import { usePages } from "../../../api/pages";
import type { Me, Schemas } from "../../../api/types";
import { Link } from "../../../app/router";
import { useSession } from "../../../app/session";
import { useTexts } from "../../../i18n";
import { Button, ErrorNote, TextField, Time, useMutationOnce, useToast } from "../../../ui";
import type { SectionProps } from "../../sections";
import { useKeptText } from "../kit/keeping";
import styles from "../kit/Kit.module.css";
import { Rows } from "../kit/Rows";
import { TEXTS } from "./texts";

type Role = "moderator" | "vip" | "editor";
type Holder = Schemas["RoleHolder"];

function rolesSeen(user: Me | null, login: string): readonly Role[] {
  const seesEditors = user?.login === login || user?.type === "staff" || user?.type === "admin";
  return seesEditors ? ["moderator", "vip", "editor"] : ["moderator", "vip"];
}

/** Who moderates, edits, or is a VIP of a channel. */
export default function RolesPage({ login }: SectionProps): ReactNode {
  const texts = useTexts(TEXTS);
  const { user } = useSession();
  const isOwner = user?.login === login;
  return (
    <div className={styles.page}>
      <p className={styles.lead}>{isOwner ? texts.lead : texts.readOnly}</p>
      {rolesSeen(user, login).map((role) => (
        <RoleSection key={role} login={login} role={role} isOwner={isOwner} />
      ))}
    </div>
  );
}

interface RoleProps {
  readonly login: string;
  readonly role: Role;
  readonly isOwner: boolean;
}

function RoleSection({ login, role, isOwner }: RoleProps): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const cache = useQueryClient();
  const path = `/channels/${login}/${role}s`;
  // Who becomes a moderator is a VIP no longer: all lists may change.
  const refresh = (): Promise<void> => cache.invalidateQueries({ queryKey: ["role-holders", login] });
  const pages = usePages<Holder>(["role-holders", login, role], path, { first: 100 });
  const take = useMutationOnce<unknown, Holder>({
    mutationFn: ({ user_login }) => send("DELETE", `${path}/${user_login}`),
    onSuccess: (_, { user_name }) => {
      toast({ kind: "ok", text: texts.taken(user_name) });
    },
    onSettled: refresh,
  });
  return (
    <Section title={texts.titles[role]} text={texts.abouts[role]}>
      {isOwner && <GiveForm login={login} role={role} path={path} onGiven={refresh} />}
      <ErrorNote error={take.error} />
      <Rows pages={pages} testId={`${role}s`} empty={texts.nones[role]} label={texts.titles[role]}>
        {(holder) => (
          <li key={holder.user_id} className={rows.row}>
            <div className={rows.rowText}>
              <span className={rows.rowName}>
                <Link to={`/${holder.user_login}`}>
                  <bdi>{holder.user_name}</bdi>
                </Link>
              </span>
              <span className={rows.meta}>
                <span>
                  {texts.since} <Time value={holder.created_at} />
                </span>
              </span>
            </div>
            {isOwner && (
              <Button
                aria-label={texts.takeOf(holder.user_name)}
                disabled={take.isPending}
                onClick={() => {
                  take.mutate(holder);
                }}
              >
                {texts.take}
              </Button>
            )}
          </li>
        )}
      </Rows>
    </Section>
  );
}

function GiveForm({ login, role, path, onGiven }: { login: string; role: Role; path: string; onGiven: () => Promise<void> }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const [text, setText] = useKeptText(`${login}/${role}`);
  const [fault, setFault] = useState("");
  const wanted = text.trim().replace(/^@/, "");
  const act = useMutationOnce({
    mutationFn: () => send("PUT", `${path}/${wanted}`),
    onSuccess: async () => {
      toast({ kind: "ok", text: texts.given(wanted) });
      setText("");
      await onGiven();
    },
    onError: (error) => {
      if (error instanceof ApiError && error.status === 404) setFault(texts.nobody(wanted));
    },
  });
  return (
    <form
      className={styles.group}
      noValidate
      onSubmit={(event: SyntheticEvent) => {
        event.preventDefault();
        const fits = LOGIN_PATTERN.test(wanted);
        setFault(fits ? "" : texts.form);
        if (fits) act.mutate();
      }}
    >
      {fault === "" && <ErrorNote error={act.error} />}
      <div className={rows.inline}>
        <TextField
          label={texts.logins[role]}
          value={text}
          onChange={setText}
          error={fault}
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          maxLength={50}
        />
        <Button type="submit" busy={act.isPending}>
          {texts.give}
        </Button>
      </div>
    </form>
  );
}
