/** The chat of a channel, alone on a page. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { ApiError, get } from "../api/client";
import { ButtonLink, Empty, ErrorNote, SpinnerPage } from "../ui";
import { useTitle } from "../app/router";
import { useTexts } from "../i18n";
import { ChatPanel } from "./ChatPanel";
import styles from "./ChatPanel.module.css";
import { TEXTS } from "./texts";

interface Found {
  readonly data: readonly { readonly broadcaster_id: string; readonly broadcaster_login: string; readonly broadcaster_name: string }[];
}

export function ChatPage({ login }: { login: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const wanted = login.toLowerCase();
  const { data, error, refetch } = useQuery({
    queryKey: ["chat-channel", wanted],
    queryFn: ({ signal }) => get<Found>(`/channels/${wanted}`, undefined, signal),
    staleTime: 60_000,
  });
  const channel = data?.data[0];
  useTitle(channel ? texts.chatOf(channel.broadcaster_name) : texts.chat);
  if (error instanceof ApiError && error.status === 404) {
    return (
      <>
        <h1 className="visually-hidden">{texts.chat}</h1>
        <Empty icon="chat" title={texts.notFound} text={texts.notFoundText} action={<ButtonLink to="/">{texts.home}</ButtonLink>} />
      </>
    );
  }
  if (error) return <ErrorNote error={error} retry={refetch} />;
  if (!channel) return <SpinnerPage label={texts.connecting} />;
  return (
    <div className={styles.alone}>
      <h1 className="visually-hidden">{texts.chatOf(channel.broadcaster_name)}</h1>
      <ChatPanel login={channel.broadcaster_login} broadcasterId={channel.broadcaster_id} popout />
    </div>
  );
}
