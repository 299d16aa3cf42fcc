import { useRef, useState, type ReactNode, type SyntheticEvent } from "react";

import { Section } from "../../../account/settings/Section";
import { ApiError, send } from "../../../api/client";
import { useFormat, useProblemText, useTexts } from "../../../i18n";
import { Button, ErrorNote, TextArea, useMutationOnce, useToast } from "../../../ui";
import { useKeptText } from "../kit/keeping";
import kit from "../kit/Kit.module.css";
import styles from "./Terms.module.css";
import { sendAll, termsOf, type Outcome } from "./terms";
import { TEXTS } from "./texts";

const MAX_FILE_BYTES = 5 * 1024 * 1024;
/** More refusals are counted, not listed. */
const MAX_SHOWN = 50;

interface Refusal {
  readonly text: string;
  readonly why: string;
}

/** A refusal is about the terms; that there is no room for more is about all that follow, too. */
function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 400 || error.status === 422) && error.reason !== "too_many_terms";
}

/** Many terms from a text or a file: those that can be blocked are, the others stay and say why. */
export function ManyTerms({ login, path, onAdded }: { login: string; path: string; onAdded: () => Promise<void> }): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const say = useProblemText();
  const toast = useToast();
  const [text, setText] = useKeptText(`${login}/terms`);
  const [fault, setFault] = useState("");
  const [refused, setRefused] = useState<readonly Refusal[]>([]);
  const [done, setDone] = useState(0);
  const file = useRef<HTMLInputElement>(null);
  const sorted = termsOf(text);
  const act = useMutationOnce<Outcome>({
    mutationFn: () => sendAll(sorted.fit, (batch) => send("POST", path, { texts: batch }), isRefusal, setDone),
    onSuccess: async (outcome) => {
      const ours = sorted.unfit.map((one) => ({ text: one.text, why: texts.faults[one.fault] }));
      const theirs = outcome.refused.map((one) => ({ text: one.text, why: say(one.why) }));
      setRefused([...ours, ...theirs]);
      setText([...ours, ...theirs, ...outcome.left.map((left) => ({ text: left }))].map((one) => one.text).join("\n"));
      if (outcome.added > 0) toast({ kind: "ok", text: texts.imported(format.number(outcome.added)) });
      await onAdded();
    },
  });
  const read = async (chosen: File | undefined): Promise<void> => {
    if (chosen === undefined) return;
    if (chosen.size > MAX_FILE_BYTES) {
      setFault(texts.fileTooLarge);
      return;
    }
    try {
      const lines = await chosen.text();
      setFault("");
      setText(text.trim() === "" ? lines : `${text}\n${lines}`);
    } catch {
      setFault(texts.fileUnreadable);
    }
  };
  const stopped = act.data?.stopped ?? null;
  return (
    <Section title={texts.many} text={texts.manyText}>
      <form
        className={kit.group}
        onSubmit={(event: SyntheticEvent) => {
          event.preventDefault();
          setRefused([]);
          setDone(0);
          act.mutate();
        }}
      >
        <TextArea label={texts.manyLabel} value={text} onChange={setText} error={fault} rows={8} spellCheck={false} readOnly={act.isPending} />
        <div className={kit.actions}>
          <Button type="submit" kind="primary" busy={act.isPending} disabled={sorted.fit.length + sorted.unfit.length === 0}>
            {texts.import}
          </Button>
          <Button icon="upload" onClick={() => file.current?.click()}>
            {texts.fromFile}
          </Button>
          <input
            ref={file}
            type="file"
            accept=".txt,.csv,text/plain"
            aria-label={texts.fromFile}
            data-testid="terms-file"
            hidden
            onChange={(event) => {
              void read(event.target.files?.[0]);
              event.target.value = ""; // the same file may be chosen again
            }}
          />
          <span role="status" className={kit.quiet}>
            {act.isPending ? texts.progress(format.number(done), format.number(sorted.fit.length)) : ""}
          </span>
        </div>
        <ErrorNote error={act.error ?? stopped} />
        {stopped !== null && <p>{texts.stopped}</p>}
        <div role="alert">
          {refused.length > 0 && (
            <>
              <p className={kit.fault}>{texts.refusedTitle(format.number(refused.length))}</p>
              <ul className={styles.refused} data-testid="refused" tabIndex={0}>
                {refused.slice(0, MAX_SHOWN).map((one) => (
                  <li key={one.text}>
                    <bdi>{one.text}</bdi>: {one.why}
                  </li>
                ))}
              </ul>
            </>
          )}
        </div>
      </form>
    </Section>
  );
}
