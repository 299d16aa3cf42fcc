import type { ReactNode } from "react";

import { useTitle } from "../app/router";
import { useTexts } from "../i18n";
import { ButtonLink, Empty } from "../ui";
import { TEXTS } from "./texts";

/** Nothing is at this address. */
export default function NotFoundPage(): ReactNode {
  const texts = useTexts(TEXTS);
  useTitle(texts.notFound);
  return (
    <Empty
      wholePage
      icon="search"
      title={texts.notFound}
      text={texts.notFoundText}
      action={
        <ButtonLink to="/" kind="primary">
          {texts.toHome}
        </ButtonLink>
      }
    />
  );
}
