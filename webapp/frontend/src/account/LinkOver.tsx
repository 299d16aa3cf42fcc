import type { ReactNode } from "react";

import { useTexts } from "../i18n";
import { ButtonLink } from "../ui";
import { FormPage } from "./FormPage";
import { TEXTS } from "./texts";

/** A one-time link that does not work (any more), and the way on. */
export function LinkOver({ text, action }: { text?: string; action?: ReactNode }): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <FormPage title={texts.linkOverTitle} text={text ?? texts.linkOver}>
      {action ?? <ButtonLink to="/">{texts.home}</ButtonLink>}
    </FormPage>
  );
}
