/** The pages of a channel's dashboard: a row for each, in the order of the navigation. */

import { lazy, type ComponentType } from "react";

import type { Channel } from "../api/types";
import type { Language } from "../i18n";
import type { IconName } from "../ui";
import type { Need } from "./rights";

export interface SectionProps {
  /** In lower case. */
  readonly login: string;
  readonly channel: Channel;
}

/** Under which heading it is listed. */
export type Group = "broadcast" | "chat" | "channel";

export interface Section {
  /** The last part of its address: `/dashboard/LOGIN/PAGE`. */
  readonly page: string;
  readonly group: Group;
  readonly icon: IconName;
  /** What it is called: in the navigation, as heading and title. */
  readonly label: Readonly<Record<Language, string>>;
  readonly component: ComponentType<SectionProps>;
  readonly needs: Need;
}

export const SECTIONS: readonly Section[] = [
  {
    page: "stream",
    group: "broadcast",
    icon: "stats",
    label: { en: "Stream manager", de: "Stream-Manager" },
    component: lazy(() => import("./stream/StreamPage")),
    needs: "editor",
  },
  {
    page: "live",
    group: "broadcast",
    icon: "megaphone",
    label: { en: "Go live", de: "Live gehen" },
    component: lazy(() => import("./live/GoLivePage")),
    needs: "editor",
  },
  {
    page: "streams",
    group: "broadcast",
    icon: "clock",
    label: { en: "Past streams", de: "Vergangene Streams" },
    component: lazy(() => import("./past/PastPage")),
    needs: "editor",
  },
  {
    page: "activity",
    group: "broadcast",
    icon: "bell",
    label: { en: "Activity", de: "Aktivität" },
    component: lazy(() => import("./activity/ActivityPage")),
    needs: "member",
  },
  {
    page: "chat",
    group: "chat",
    icon: "chat",
    label: { en: "Chat rules", de: "Chatregeln" },
    component: lazy(() => import("./settings/chat/ChatRulesPage")),
    needs: "moderator",
  },
  {
    page: "automod",
    group: "chat",
    icon: "shield",
    label: { en: "Automatic moderation", de: "Automatische Moderation" },
    component: lazy(() => import("./settings/chat/AutomodPage")),
    needs: "moderator",
  },
  {
    page: "terms",
    group: "chat",
    icon: "ban",
    label: { en: "Blocked terms", de: "Gesperrte Begriffe" },
    component: lazy(() => import("./settings/terms/TermsPage")),
    needs: "moderator",
  },
  {
    page: "emotes",
    group: "chat",
    icon: "smile",
    label: { en: "Emotes", de: "Emotes" },
    component: lazy(() => import("./settings/emotes/EmotesPage")),
    needs: "editor",
  },
  {
    page: "badges",
    group: "chat",
    icon: "star",
    label: { en: "Badges", de: "Abzeichen" },
    component: lazy(() => import("./settings/emotes/BadgesPage")),
    needs: "editor",
  },
  {
    page: "roles",
    group: "channel",
    icon: "users",
    label: { en: "Roles", de: "Rollen" },
    component: lazy(() => import("./settings/roles/RolesPage")),
    needs: "moderator",
  },
  {
    page: "channel",
    group: "channel",
    icon: "settings",
    label: { en: "Channel settings", de: "Kanaleinstellungen" },
    component: lazy(() => import("./settings/channel/ChannelPage")),
    needs: "editor",
  },
  {
    page: "panels",
    group: "channel",
    icon: "browse",
    label: { en: "Panels", de: "Tafeln" },
    component: lazy(() => import("./settings/channel/PanelsPage")),
    needs: "editor",
  },
  {
    page: "subscribers",
    group: "channel",
    icon: "heart",
    label: { en: "Subscribers", de: "Abonnenten" },
    component: lazy(() => import("./settings/subscribers/SubscribersPage")),
    needs: "editor",
  },
  {
    page: "keys",
    group: "channel",
    icon: "key",
    label: { en: "Stream keys", de: "Stream-Schlüssel" },
    component: lazy(() => import("./settings/keys/KeysPage")),
    needs: "owner",
  },
  {
    page: "developer",
    group: "channel",
    icon: "link",
    label: { en: "For developers", de: "Für Entwickler" },
    component: lazy(() => import("./settings/developer/DeveloperPage")),
    needs: "owner",
  },
];

/** Where a page of a channel's dashboard is. */
export function dashboardPath(login: string, page: string): string {
  return `/dashboard/${login}/${page}`;
}
