import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useRef, type ComponentType, type ReactNode } from "react";

import { ApiError } from "../api/client";
import type { Me } from "../api/types";
import { withNext } from "../account/next";
import type { Params } from "../app/paths";
import { useLocation, useTitle } from "../app/router";
import { useSession } from "../app/session";
import { useTexts } from "../i18n";
import { ButtonLink, Empty, Skeleton, SpinnerPage, TabLinks } from "../ui";
import styles from "./admin.module.css";
import { TEXTS } from "./texts";

export interface TabProps {
  readonly user: Me;
}

interface Tab {
  readonly page: ComponentType<TabProps>;
  /** Staff who are no administrators do not see it. */
  readonly adminOnly?: boolean;
}

const TABS = {
  overview: { page: lazy(() => import("./OverviewTab")) },
  live: { page: lazy(() => import("./LiveTab")) },
  channels: { page: lazy(() => import("./ChannelsTab")) },
  users: { page: lazy(() => import("./UsersTab")) },
  reports: { page: lazy(() => import("./ReportsTab")) },
  emotes: { page: lazy(() => import("./EmotesTab")) },
  audit: { page: lazy(() => import("./AuditTab")) },
  settings: { page: lazy(() => import("./SettingsTab")), adminOnly: true },
  invitations: { page: lazy(() => import("./InvitationsTab")), adminOnly: true },
  nodes: { page: lazy(() => import("./NodesTab")), adminOnly: true },
  letters: { page: lazy(() => import("./LettersTab")), adminOnly: true },
} satisfies Record<string, Tab>;

type TabName = keyof typeof TABS;

function tabOf(name: string | undefined): TabName {
  return name !== undefined && Object.hasOwn(TABS, name) ? (name as TabName) : "overview";
}

function isForAdmins(name: TabName): boolean {
  const tab: Tab = TABS[name];
  return tab.adminOnly === true;
}

/** `/admin` and `/admin/TAB`: running the site, for its staff. */
export default function AdminPage({ params }: { params: Params }): ReactNode {
  const texts = useTexts(TEXTS);
  const { path, search } = useLocation();
  const { user, isLoading } = useSession();
  const name = tabOf(params.tab);
  useTitle(`${texts[name]} · ${texts.title}`);
  useLossOfRights();
  if (isLoading) return <Skeleton height="320px" />;
  if (user === null) {
    const query = search.toString();
    return (
      <Empty
        wholePage
        icon="shield"
        title={texts.title}
        text={texts.logInFirst}
        action={
          <ButtonLink kind="primary" to={withNext("/login", query === "" ? path : `${path}?${query}`)}>
            {texts.logIn}
          </ButtonLink>
        }
      />
    );
  }
  if (user.type === "") {
    return (
      <Empty
        wholePage
        icon="shield"
        title={texts.notStaff}
        text={texts.notStaffText}
        action={<ButtonLink to="/">{texts.home}</ButtonLink>}
      />
    );
  }
  return <Sections key={user.id} user={user} name={name} />;
}

function Sections({ user, name }: { user: Me; name: TabName }): ReactNode {
  const texts = useTexts(TEXTS);
  const { path } = useLocation();
  const bar = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // On a phone not all tabs fit.
    bar.current?.querySelector("[aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [name]);
  const isAdmin = user.type === "admin";
  const links = (Object.keys(TABS) as TabName[])
    .filter((tab) => isAdmin || !isForAdmins(tab))
    // The page without a name is that of the first tab.
    .map((tab) => ({ to: tab === name ? path : `/admin/${tab}`, label: texts[tab] }));
  const Page = TABS[name].page;
  return (
    <div className={styles.page}>
      <h1>{texts.title}</h1>
      <div ref={bar} className={styles.tabs}>
        <TabLinks label={texts.tabs} links={links} />
      </div>
      <div className={styles.panel} data-testid={`admin-${name}`}>
        {isForAdmins(name) && !isAdmin ? (
          <p className={styles.quiet}>{texts.notAdmin}</p>
        ) : (
          <Suspense fallback={<SpinnerPage label={texts[name]} />}>
            <Page user={user} />
          </Suspense>
        )}
      </div>
    </div>
  );
}

/** Who is refused something looks again at what they are: a role may have been taken from them meanwhile. */
function useLossOfRights(): void {
  const cache = useQueryClient();
  useEffect(() => {
    const look = (error: unknown): void => {
      if (error instanceof ApiError && error.status === 403) void cache.invalidateQueries({ queryKey: ["session"] });
    };
    const stops = [
      cache.getQueryCache().subscribe((event) => {
        if (event.type === "updated" && event.action.type === "error" && (event.query.queryKey as readonly unknown[])[0] === "admin") look(event.action.error);
      }),
      cache.getMutationCache().subscribe((event) => {
        if (event.type === "updated" && event.action.type === "error") look(event.action.error);
      }),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [cache]);
}
