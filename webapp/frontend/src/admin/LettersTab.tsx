import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { send } from "../api/client";
import { usePages } from "../api/pages";
import type { Schemas } from "../api/types";
import { List } from "../discovery/lists";
import { useProblemText, useTexts } from "../i18n";
import { Badge, Button, Empty, Select, Time, useMutationOnce, useToast } from "../ui";
import styles from "./admin.module.css";
import { TEXTS } from "./letters.texts";

type DeadLetter = Schemas["DeadLetter"];
type Kind = keyof (typeof TEXTS)["en"]["kinds"];

const REFRESH_MS = 30_000;

/** What could not be delivered, and why. */
export default function LettersTab(): ReactNode {
  const texts = useTexts(TEXTS);
  const say = useProblemText();
  const toast = useToast();
  const cache = useQueryClient();
  const again = useMutationOnce<unknown, DeadLetter>({
    mutationFn: ({ id }) => send("POST", `/admin/dead-letters/${id}/resend`),
    onSuccess: () => {
      toast({ kind: "ok", text: texts.sent });
    },
    onError: (error) => {
      toast({ kind: "error", text: say(error) });
    },
    onSettled: () => cache.invalidateQueries({ queryKey: ["admin"] }),
  });
  const [kind, setKind] = useState<Kind>("");
  const pages = usePages<DeadLetter>(["admin", "letters"], "/admin/dead-letters", kind === "" ? {} : { kind }, { refreshMs: REFRESH_MS });
  return (
    <>
      <p className={styles.quiet}>{texts.lead}</p>
      <div className={styles.filters}>
        <Select label={texts.kind} value={kind} options={Object.entries(texts.kinds).map(([value, label]) => ({ value: value as Kind, label }))} onChange={setKind} />
      </div>
      <List pages={pages} empty={<Empty icon="mail" title={texts.empty} text={texts.emptyText} />}>
        {(rows) => (
          <ul className={styles.rows}>
            {rows.map((letter) => (
              <li key={letter.id} className={styles.row} data-testid="letter">
                <div className={styles.text}>
                  <span className={styles.name}>
                    {letter.event_type}
                    <Badge>{letter.kind in texts.kinds ? texts.kinds[letter.kind as Kind] : letter.kind}</Badge>
                  </span>
                  <p className={styles.said}>
                    <bdi>{letter.last_error}</bdi>
                  </p>
                  <span className={styles.meta}>
                    <span>{texts.attempts(letter.attempts)}</span>
                    <span>{texts.to(letter.target)}</span>
                    <span>{texts.channel(letter.broadcaster_id)}</span>
                    <span>
                      {texts.at} <Time value={letter.finished_at} />
                    </span>
                  </span>
                </div>
                <Button
                  icon="refresh"
                  aria-label={texts.againOf(letter.id)}
                  disabled={again.isPending}
                  onClick={() => {
                    again.mutate(letter);
                  }}
                >
                  {texts.again}
                </Button>
              </li>
            ))}
          </ul>
        )}
      </List>
    </>
  );
}
