/** What is around a dock: a page for a small frame, in OBS most of all, with nothing but what it is for. */

import type { ReactNode } from "react";

import { withNext } from "../account/next";
import type { Channel } from "../api/types";
import { useLocation, useTitle } from "../app/router";
import { useTexts } from "../i18n";
import { ButtonLink, Empty, ErrorNote, SpinnerPage } from "../ui";
import { useChannel } from "../watch/useChannel";
import { useAccess } from "./access";
import styles from "./Dock.module.css";
import { allows, type Need } from "./rights";
import { TEXTS } from "./texts";

export interface DockProps {
  /** In any case of letters. */
  readonly login: string;
  readonly needs: Need;
  readonly title: (name: string) => string;
  readonly children: (channel: Channel, login: string) => ReactNode;
}

/** Shows `children` to whoever may see it. A dock stays open for days: whatever stands in the way now may pass. */
export function Dock({ login: given, needs, title, children }: DockProps): ReactNode {
  const login = given.toLowerCase();
  const texts = useTexts(TEXTS);
  const access = useAccess(login);
  const { channel, error, refresh } = useChannel(login);
  const { path } = useLocation();
  const name = channel?.broadcaster_name ?? login;
  useTitle(title(name));
  if (access.state === "failed") return <ErrorNote error={access.error} retry={access.retry} />;
  if (access.state === "anonymous") {
    return (
      <Empty
        wholePage
        title={title(name)}
        text={texts.dockLogIn}
        action={
          <ButtonLink kind="primary" to={withNext("/login", path)}>
            {texts.logIn}
          </ButtonLink>
        }
      />
    );
  }
  if (channel === null) return <Empty wholePage title={texts.noChannel} text={texts.noChannelText(login)} />;
  if (channel === undefined && error !== null) {
    return (
      <ErrorNote
        error={error}
        retry={() => {
          refresh(0);
        }}
      />
    );
  }
  if (channel === undefined || access.state !== "known") return <SpinnerPage label={texts.loading} />;
  if (!allows(access.standings, needs)) return <Empty wholePage title={texts.noRight} text={texts.noRightText(name)} />;
  return (
    <div className={styles.dock}>
      <h1 className="visually-hidden">{title(name)}</h1>
      {children(channel, login)}
    </div>
  );
}
