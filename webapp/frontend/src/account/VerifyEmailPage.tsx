import type { ReactNode } from "react";

import { send } from "../api/client";
import { useLocation } from "../app/router";
import { refreshSession } from "../app/session";
import { useTexts } from "../i18n";
import { Button, ButtonLink, ErrorNote, useMutationOnce } from "../ui";
import { FormPage } from "./FormPage";
import { LinkOver } from "./LinkOver";
import { isOver } from "./PasswordResetPage";
import { TEXTS } from "./texts";

/** Prove an e-mail address: with a click, because whoever only looks at a link (mail programs do) proves nothing. */
export default function VerifyEmailPage(): ReactNode {
  const texts = useTexts(TEXTS);
  const token = useLocation().search.get("token") ?? "";
  const act = useMutationOnce({
    mutationFn: () => send("POST", "/email-verifications", { token }),
    onSuccess: refreshSession,
  });
  if (token === "") return <LinkOver text={texts.linkMissing} />;
  if (isOver(act.error)) return <LinkOver />;
  if (act.isSuccess) {
    return (
      <FormPage title={texts.verifyTitle} text={texts.verifyDone}>
        <ButtonLink kind="primary" to="/">
          {texts.home}
        </ButtonLink>
      </FormPage>
    );
  }
  return (
    <FormPage title={texts.verifyTitle} text={texts.verifyText}>
      <ErrorNote error={act.error} />
      <Button
        kind="primary"
        size="large"
        busy={act.isPending}
        onClick={() => {
          act.mutate();
        }}
      >
        {texts.verifyDo}
      </Button>
    </FormPage>
  );
}
