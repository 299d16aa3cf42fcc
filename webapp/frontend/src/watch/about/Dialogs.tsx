/** What opens over the watch page when somebody asks for it; loaded then. */

import type { ReactNode } from "react";

import type { Channel } from "../../api/types";
import { useSite } from "../../app/session";
import { GiftDialog } from "./GiftDialog";
import { ReportDialog } from "./ReportDialog";
import { ShareDialog } from "./ShareDialog";
import { SubscribeDialog } from "./SubscribeDialog";

/** Which one. */
export type Question = "subscribe" | "gift" | "share" | "report";

export default function Dialogs({ asked, close, channel }: { asked: Question; close: () => void; channel: Channel }): ReactNode {
  const { urls } = useSite();
  switch (asked) {
    case "subscribe":
      return <SubscribeDialog open onClose={close} channel={channel} />;
    case "gift":
      return <GiftDialog open onClose={close} channel={channel} />;
    case "share":
      return <ShareDialog open onClose={close} login={channel.broadcaster_login} webUrl={urls.web} />;
    case "report":
      return <ReportDialog open onClose={close} channel={channel} />;
  }
}
