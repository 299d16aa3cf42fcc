/** Which page is at which path. */

import { lazy, type ComponentType, type LazyExoticComponent } from "react";

import { matchPath, type Params } from "./paths";

export interface PageProps {
  /** What `:name` stands for in the pattern of its path. */
  readonly params: Params;
}

export interface Route {
  readonly pattern: string;
  readonly page: ComponentType<PageProps>;
  /** Without header and sidebar: for frames on other sites, and windows of their own. */
  readonly bare?: boolean;
  /** It stays as it is when only its parameters change: the tabs of one page. */
  readonly keep?: boolean;
  /** It has a side navigation of its own: that of followed channels is not shown beside it. */
  readonly ownSide?: boolean;
}

type DiscoveryPages = typeof import("../discovery/pages");

function discovery(name: keyof DiscoveryPages): LazyExoticComponent<ComponentType<PageProps>> {
  return lazy(async () => ({ default: (await import("../discovery/pages"))[name] }));
}

const NOT_FOUND: Route = { pattern: "*", page: discovery("NotFoundPage") };

const PasswordResetPage = lazy(() => import("../account/PasswordResetPage"));
const VerifyEmailPage = lazy(() => import("../account/VerifyEmailPage"));
const SettingsPage = lazy(() => import("../account/settings/SettingsPage"));
const AdminPage = lazy(() => import("../admin/AdminPage"));
const DashboardPage = lazy(() => import("../dashboard/DashboardPage"));

/** The first that fits: what is one segment and no login stands before channels. */
const ROUTES: readonly Route[] = [
  { pattern: "/", page: discovery("HomePage") },
  { pattern: "/directory", page: discovery("BrowsePage") },
  { pattern: "/directory/live", page: discovery("LivePage") },
  { pattern: "/directory/following", page: discovery("FollowingPage") },
  { pattern: "/directory/category/:id", page: discovery("CategoryPage") },
  { pattern: "/search", page: discovery("SearchPage") },
  { pattern: "/login", page: lazy(() => import("../account/LogInPage")) },
  { pattern: "/signup", page: lazy(() => import("../account/SignUpPage")) },
  { pattern: "/setup", page: lazy(() => import("../account/SetUpPage")) },
  { pattern: "/reset", page: PasswordResetPage },
  { pattern: "/reset-password", page: PasswordResetPage },
  { pattern: "/verify", page: VerifyEmailPage },
  { pattern: "/verify-email", page: VerifyEmailPage },
  { pattern: "/settings", page: SettingsPage },
  { pattern: "/settings/:tab", page: SettingsPage, keep: true },
  { pattern: "/admin", page: AdminPage, ownSide: true },
  { pattern: "/admin/:tab", page: AdminPage, ownSide: true, keep: true },
  { pattern: "/dashboard", page: DashboardPage, ownSide: true },
  { pattern: "/dashboard/:login", page: DashboardPage, ownSide: true },
  { pattern: "/dashboard/:login/:page", page: DashboardPage, ownSide: true, keep: true },
  { pattern: "/popout/:login/activity", page: lazy(() => import("../dashboard/ActivityDockPage")), bare: true },
  { pattern: "/popout/:login/health", page: lazy(() => import("../dashboard/HealthDockPage")), bare: true },
  { pattern: "/popout/:login/chat", page: lazy(() => import("../chat/ChatPopoutPage")), bare: true },
  { pattern: "/popout/:login/moderation", page: lazy(() => import("../moderation/ModerationDockPage")), bare: true },
  { pattern: "/moderator/:login", page: lazy(() => import("../moderation/ModViewPage")), bare: true },
  { pattern: "/embed/:login/chat", page: lazy(() => import("../chat/ChatEmbedPage")), bare: true },
  { pattern: "/embed/:login", page: lazy(() => import("../watch/EmbedPage")), bare: true },
  { pattern: "/:login", page: lazy(() => import("../watch/WatchPage")) },
];

/** The page at `path`, with the parts of it that are its parameters. */
export function findRoute(path: string): { readonly route: Route; readonly params: Params } {
  for (const route of ROUTES) {
    const params = matchPath(route.pattern, path);
    if (params !== null && (params.login === undefined || isLogin(params.login))) {
      return { route, params };
    }
  }
  return { route: NOT_FOUND, params: {} };
}

function isLogin(text: string): boolean {
  return /^[a-z0-9_]{3,25}$/i.test(text);
}
