/** Deliveries that were given up. */

const EN = {
  lead: "Notices, e-mails and webhooks that could not be delivered, though they were tried again for a while. They are kept for six days.",
  kind: "Which",
  kinds: { "": "All", push: "Push to browsers", mail: "E-mail", webhook: "Webhooks", expansion: "Not made at all" },
  empty: "Nothing was given up",
  emptyText: "Everything that had to be delivered was.",
  attempts: (count: number) => (count === 1 ? "1 try" : `${count} tries`),
  at: "Given up",
  to: (target: string) => `to number ${target}`,
  channel: (id: string) => `about channel number ${id}`,
  again: "Send again",
  againOf: (id: string) => `Send delivery ${id} again`,
  sent: "It is tried again. If that fails, too, it comes back here.",
};

const DE: typeof EN = {
  lead: "Mitteilungen, E-Mails und Webhooks, die sich nicht zustellen ließen, obwohl es eine Weile lang versucht wurde. Sie bleiben sechs Tage stehen.",
  kind: "Welche",
  kinds: { "": "Alle", push: "Push an Browser", mail: "E-Mail", webhook: "Webhooks", expansion: "Gar nicht gemacht" },
  empty: "Nichts wurde aufgegeben",
  emptyText: "Alles, was zuzustellen war, kam an.",
  attempts: (count) => (count === 1 ? "1 Versuch" : `${count} Versuche`),
  at: "Aufgegeben",
  to: (target) => `an Nummer ${target}`,
  channel: (id) => `über Kanal Nummer ${id}`,
  again: "Noch einmal senden",
  againOf: (id) => `Zustellung ${id} noch einmal senden`,
  sent: "Es wird noch einmal versucht. Misslingt auch das, steht es wieder hier.",
};

export const TEXTS = { en: EN, de: DE };
