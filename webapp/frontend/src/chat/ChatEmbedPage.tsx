import type { ReactNode } from "react";

import type { PageProps } from "../app/routes";
import { ChatPage } from "./ChatPage";

/** The chat of a channel for frames: OBS's docks, pages of this site. */
export default function ChatEmbedPage({ params }: PageProps): ReactNode {
  return <ChatPage login={params.login ?? ""} />;
}
