/** What the frame of the dashboard says. */

import type { Group } from "./sections";

const GROUPS_EN: Readonly<Record<Group, string>> = { broadcast: "Stream", chat: "Chat", channel: "Channel" };
const GROUPS_DE: Readonly<Record<Group, string>> = { broadcast: "Stream", chat: "Chat", channel: "Kanal" };

const EN = {
  title: "Creator dashboard",
  navigation: "Dashboard",
  groups: GROUPS_EN,
  toChannel: "To the channel",
  loading: "Loading…",
  logInFirst: "Log in to see your dashboard.",
  logIn: "Log in",
  noChannel: "There is no such channel",
  noChannelText: (login: string) => `Nobody is called ${login} here, or their account is suspended.`,
  noRight: "This dashboard is not yours",
  noRightText: (name: string) => `You are neither the owner of ${name} nor an editor or moderator there. Ask the owner for a role.`,
  lostRight: "You may not do this any more",
  lostRightText: (name: string) =>
    `Your role in the channel of ${name} was changed while this page was open. What you had not saved is kept in this tab, in case it comes back.`,
  notThisPage: "This page is for others",
  notThisPageText: (name: string) => `Your role in the channel of ${name} does not include this page. There are others that it does include.`,
  noPage: "There is no such page in the dashboard",
  goOn: "Go on",
  own: "To your own dashboard",
  dockLogIn: "Log in once: this dock then stays logged in.",
};

const DE: typeof EN = {
  title: "Creator-Dashboard",
  navigation: "Dashboard",
  groups: GROUPS_DE,
  toChannel: "Zum Kanal",
  loading: "Wird geladen …",
  logInFirst: "Melde dich an, um dein Dashboard zu sehen.",
  logIn: "Anmelden",
  noChannel: "Diesen Kanal gibt es nicht",
  noChannelText: (login) => `Niemand heißt hier ${login}, oder das Konto ist gesperrt.`,
  noRight: "Das ist nicht dein Dashboard",
  noRightText: (name) => `Der Kanal ${name} gehört dir nicht, und du hast dort weder Redaktion noch Moderation. Bitte den Eigentümer um eine Rolle.`,
  lostRight: "Das darfst du nicht mehr",
  lostRightText: (name) =>
    `Deine Rolle im Kanal ${name} wurde geändert, während diese Seite offen war. Was du nicht gespeichert hattest, bleibt in diesem Tab erhalten, falls sie zurückkommt.`,
  notThisPage: "Diese Seite ist für andere",
  notThisPageText: (name) => `Deine Rolle im Kanal ${name} umfasst diese Seite nicht, andere dagegen schon.`,
  noPage: "Diese Seite gibt es im Dashboard nicht",
  goOn: "Weiter",
  own: "Zu deinem Dashboard",
  dockLogIn: "Melde dich einmal an: Dieses Dock bleibt dann angemeldet.",
};

export const TEXTS = { en: EN, de: DE };
