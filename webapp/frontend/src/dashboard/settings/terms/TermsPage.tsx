import { useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useState, type ReactNode, type SyntheticEvent } from "react";

import { Section } from "../../../account/settings/Section";
import { send } from "../../../api/client";
import { usePages, type Page } from "../../../api/pages";
import type { Schemas } from "../../../api/types";
import { useTexts } from "../../../i18n";
import { Button, Checkbox, ErrorNote, Select, TextField, useMutationOnce, useToast } from "../../../ui";
import type { SectionProps } from "../../sections";
import { useKeptText } from "../kit/keeping";
import styles from "../kit/Kit.module.css";
import { ManyTerms } from "./ManyTerms";
import { TermList } from "./TermList";
import { termFault } from "./terms";
import { TEXTS } from "./texts";

export type Term = Schemas["BlockedTerm"];

type Span = keyof (typeof TEXTS)["en"]["spans"];
const SPANS: readonly Span[] = ["", "3600", "86400", "604800", "2592000"];

/** What nobody but moderators may write. */
export default function TermsPage({ login }: SectionProps): ReactNode {
  const texts = useTexts(TEXTS);
  const cache = useQueryClient();
  const path = `/channels/${login}/blocked-terms`;
  const key = ["blocked-terms", login];
  const pages = usePages<Term>(key, path, { first: 100 }, { keep: true });
  // From the beginning: the newest come first, and all pages of a long list would be a hundred requests.
  const refresh = (): Promise<void> => cache.resetQueries({ queryKey: key });
  const remove = (id: string): void => {
    cache.setQueriesData<InfiniteData<Page<Term>>>({ queryKey: key }, (found) =>
      found === undefined ? found : { ...found, pages: found.pages.map((page) => ({ ...page, data: page.data.filter((term) => term.id !== id) })) },
    );
  };
  return (
    <div className={styles.page}>
      <p className={styles.lead}>{texts.lead}</p>
      <OneTerm login={login} path={path} onAdded={refresh} />
      <TermList pages={pages} path={path} login={login} onRemoved={remove} />
      <ManyTerms login={login} path={path} onAdded={refresh} />
    </div>
  );
}

function OneTerm({ login, path, onAdded }: { login: string; path: string; onAdded: () => Promise<void> }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const [text, setText] = useKeptText(`${login}/term`);
  const [isRegex, setIsRegex] = useState(false);
  const [span, setSpan] = useState<Span>("");
  const [fault, setFault] = useState("");
  const term = text.trim();
  const act = useMutationOnce({
    mutationFn: () => send("POST", path, { text: term, is_regex: isRegex, ...(span === "" ? {} : { duration_seconds: Number(span) }) }),
    onSuccess: async () => {
      toast({ kind: "ok", text: texts.blocked(term) });
      setText("");
      await onAdded();
    },
  });
  return (
    <Section title={texts.add}>
      <form
        className={styles.group}
        noValidate
        onSubmit={(event: SyntheticEvent) => {
          event.preventDefault();
          const wrong = isRegex ? null : termFault(term);
          setFault(wrong === null ? "" : texts.faults[wrong]);
          if (wrong === null) act.mutate();
        }}
      >
        <TextField
          label={texts.term}
          hint={isRegex ? texts.regexHint : texts.termHint}
          value={text}
          onChange={setText}
          error={fault}
          maxLength={1000}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
        />
        <Checkbox label={texts.isRegex} checked={isRegex} onChange={setIsRegex} />
        <div className={styles.narrow}>
          <Select label={texts.lasts} value={span} onChange={setSpan} options={SPANS.map((value) => ({ value, label: texts.spans[value] }))} />
        </div>
        <ErrorNote error={act.error} />
        <div className={styles.actions}>
          <Button type="submit" kind="primary" busy={act.isPending}>
            {texts.block}
          </Button>
        </div>
      </form>
    </Section>
  );
}
