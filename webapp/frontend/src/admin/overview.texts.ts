/** What an operator looks at first. */

const EN = {
  live: "live",
  viewers: "watching",
  streamsInTrouble: "live in trouble",
  accounts: "accounts",
  newAccounts: "new since yesterday",
  suspended: "suspended",
  openReports: "reports to deal with",
  pendingEmotes: "emotes to review",
  pendingBadges: "badges to review",
  deadLetters: "deliveries given up",
  nodesInTrouble: "processes in trouble",
  more: (count: string) => `${count}+`,
  registration: { open: "Everybody can make an account.", invite: "Accounts are made by invitation.", closed: "Nobody can make an account." },
  allWell: "Nothing waits for you.",
  version: (version: string) => `weir ${version}`,
};

const DE: typeof EN = {
  live: "live",
  viewers: "sehen zu",
  streamsInTrouble: "live mit Problemen",
  accounts: "Konten",
  newAccounts: "neu seit gestern",
  suspended: "gesperrt",
  openReports: "Meldungen zu bearbeiten",
  pendingEmotes: "Emotes zu prüfen",
  pendingBadges: "Abzeichen zu prüfen",
  deadLetters: "Zustellungen aufgegeben",
  nodesInTrouble: "Prozesse mit Problemen",
  more: (count) => `über ${count}`,
  registration: { open: "Alle können ein Konto machen.", invite: "Konten gibt es mit Einladung.", closed: "Niemand kann ein Konto machen." },
  allWell: "Nichts wartet auf dich.",
  version: (version) => `weir ${version}`,
};

export const TEXTS = { en: EN, de: DE };
