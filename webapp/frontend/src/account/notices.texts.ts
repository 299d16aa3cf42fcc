/** What the list of notices says. */

const EN = {
  title: "Notices",
  unread: (count: number) => (count === 1 ? "1 unread notice" : `${count} unread notices`),
  many: (count: number) => `more than ${count} unread notices`,
  readAll: "Mark all read",
  read: (title: string) => `Mark as read: ${title}`,
  isUnread: "unread",
  none: "Nothing yet",
  noneText: "Turn on the bell beside Follow on a channel, and you hear here when it goes live.",
  settings: "Notification settings",
  more: "Show more",
  isLive: (name: string) => `${name} is live`,
};

const DE: typeof EN = {
  title: "Mitteilungen",
  unread: (count) => (count === 1 ? "1 ungelesene Mitteilung" : `${count} ungelesene Mitteilungen`),
  many: (count) => `mehr als ${count} ungelesene Mitteilungen`,
  readAll: "Alle gelesen",
  read: (title) => `Als gelesen markieren: ${title}`,
  isUnread: "ungelesen",
  none: "Noch nichts",
  noneText: "Schalte auf einem Kanal die Glocke neben „Folgen“ ein, dann erfährst du hier, wenn er live geht.",
  settings: "Einstellungen für Mitteilungen",
  more: "Mehr zeigen",
  isLive: (name) => `${name} ist live`,
};

export const TEXTS = { en: EN, de: DE };
