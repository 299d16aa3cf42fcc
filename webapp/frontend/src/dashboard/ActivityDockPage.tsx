import type { ReactNode } from "react";

import type { PageProps } from "../app/routes";
import { useTexts } from "../i18n";
import { ActivityFeed } from "./activity/ActivityFeed";
import { TEXTS } from "./activity/texts";
import { Dock } from "./Dock";

/** `/popout/LOGIN/activity`: the activity feed as a dock. */
export default function ActivityDockPage({ params }: PageProps): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <Dock login={params.login ?? ""} needs="member" title={texts.title}>
      {(_channel, login) => <ActivityFeed login={login} />}
    </Dock>
  );
}
