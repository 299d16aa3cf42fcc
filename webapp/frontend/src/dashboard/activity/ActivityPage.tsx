import type { ReactNode } from "react";

import { useTexts } from "../../i18n";
import { Panel } from "../Panel";
import type { SectionProps } from "../sections";
import { ActivityFeed } from "./ActivityFeed";
import { TEXTS } from "./texts";

/** Who followed, subscribed, gave and raided, the newest first. */
export default function ActivityPage({ login }: SectionProps): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <Panel title={texts.all}>
      <ActivityFeed login={login} />
    </Panel>
  );
}
