import type { ReactNode } from "react";

import type { PageProps } from "../app/routes";
import { ChatPage } from "./ChatPage";

/** The chat of a channel in a window of its own. */
export default function ChatPopoutPage({ params }: PageProps): ReactNode {
  return <ChatPage login={params.login ?? ""} />;
}
