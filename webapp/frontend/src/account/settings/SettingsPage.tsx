import { useEffect, useRef, type FC, type ReactNode } from "react";

import type { Params } from "../../app/paths";
import { useLocation, useTitle } from "../../app/router";
import { useSession } from "../../app/session";
import type { Me } from "../../api/types";
import { useTexts } from "../../i18n";
import { ButtonLink, Empty, Skeleton, TabLinks } from "../../ui";
import { withNext } from "../next";
import { AppearanceTab } from "./AppearanceTab";
import { BlockedTab } from "./BlockedTab";
import { DataTab } from "./DataTab";
import { NotificationsTab } from "./NotificationsTab";
import { ProfileTab } from "./ProfileTab";
import { SecurityTab } from "./SecurityTab";
import styles from "./settings.module.css";
import { TEXTS } from "./texts";

const TABS = {
  profile: ProfileTab,
  security: SecurityTab,
  notifications: NotificationsTab,
  appearance: AppearanceTab,
  blocked: BlockedTab,
  data: DataTab,
} satisfies Record<string, FC<{ user: Me }>>;

type TabName = keyof typeof TABS;

function tabOf(name: string | undefined): TabName {
  return name !== undefined && Object.hasOwn(TABS, name) ? (name as TabName) : "profile";
}

/** `/settings` and `/settings/TAB`: what somebody may change about their account, and about this browser. */
export default function SettingsPage({ params }: { params: Params }): ReactNode {
  const texts = useTexts(TEXTS);
  const { path } = useLocation();
  const { user, isLoading } = useSession();
  const name = tabOf(params.tab);
  useTitle(`${texts[name]} · ${texts.title}`);
  const bar = useRef<HTMLDivElement>(null);
  const isKnown = user !== null;
  useEffect(() => {
    // On a phone not all tabs fit.
    bar.current?.querySelector("[aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [name, isKnown]);
  if (isLoading) return <Skeleton height="320px" />;
  if (user === null) {
    return (
      <Empty
        icon="settings"
        title={texts.title}
        text={texts.logInFirst}
        action={
          <ButtonLink kind="primary" to={withNext("/login", path)}>
            {texts.logIn}
          </ButtonLink>
        }
      />
    );
  }
  const Tab = TABS[name];
  const links = (Object.keys(TABS) as TabName[]).map((tab) => ({
    // The page without a name is that of the first tab.
    to: tab === name ? path : `/settings/${tab}`,
    label: texts[tab],
  }));
  return (
    <div className={styles.page}>
      <h1>{texts.title}</h1>
      <div ref={bar} className={styles.tabs}>
        <TabLinks label={texts.tabs} links={links} />
      </div>
      <div className={styles.panel}>
        <Tab key={user.id} user={user} />
      </div>
    </div>
  );
}
