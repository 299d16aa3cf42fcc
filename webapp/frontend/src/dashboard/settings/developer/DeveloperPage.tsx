import type { ReactNode } from "react";

import { TokensSection } from "../../../account/settings/TokensSection";
import { useTexts } from "../../../i18n";
import type { SectionProps } from "../../sections";
import kit from "../kit/Kit.module.css";
import { AppsSection } from "./AppsSection";
import { TEXTS } from "./texts";
import { WebhooksSection } from "./WebhooksSection";

/** Tokens, apps and webhooks of whoever owns the channel. */
export default function DeveloperPage({ channel }: SectionProps): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <div className={kit.page}>
      <p className={kit.lead}>
        {texts.lead} <a href="/api/openapi.json">{texts.docs}</a>
      </p>
      <TokensSection />
      <AppsSection />
      <WebhooksSection channelId={channel.broadcaster_id} />
    </div>
  );
}
