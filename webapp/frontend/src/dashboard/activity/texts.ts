/** What the activity feed says. Names are put where `NAME` stands. */

export const NAME = "\u0000";

const EN = {
  none: "Nothing has happened yet",
  noneText: "Follows, subscriptions, gifts and raids are listed here as they come.",
  follow: `${NAME} follows`,
  subscription: (tier: string) => `${NAME} subscribed${tier}`,
  resubscription: (tier: string, months: string) => `${NAME} has been subscribed for ${months} months${tier}`,
  gift: (count: string, tier: string) => (count === "1" ? `${NAME} gave a subscription${tier}` : `${NAME} gave ${count} subscriptions${tier}`),
  giftTo: (name: string, tier: string) => `${NAME} gave a subscription to ${name}${tier}`,
  raid: (viewers: string) => (viewers === "1" ? `${NAME} raids with one viewer` : `${NAME} raids with ${viewers} viewers`),
  other: `${NAME} did something`,
  somebody: "Somebody",
  tier: (tier: string) => `, tier ${tier}`,
  more: "Show more",
  all: "All activity",
  label: "Activity",
  title: (name: string) => `Activity of ${name}`,
};

const DE: typeof EN = {
  none: "Noch ist nichts passiert",
  noneText: "Neue Follower, Abos, Geschenke und Raids stehen hier, sobald sie kommen.",
  follow: `${NAME} folgt dir`,
  subscription: (tier) => `${NAME} hat abonniert${tier}`,
  resubscription: (tier, months) => `${NAME} ist seit ${months} Monaten dabei${tier}`,
  gift: (count, tier) => (count === "1" ? `${NAME} hat ein Abo verschenkt${tier}` : `${NAME} hat ${count} Abos verschenkt${tier}`),
  giftTo: (name, tier) => `${NAME} hat ${name} ein Abo geschenkt${tier}`,
  raid: (viewers) => (viewers === "1" ? `${NAME} raidet mit einer Person` : `${NAME} raidet mit ${viewers} Leuten`),
  other: `${NAME} hat etwas getan`,
  somebody: "Jemand",
  tier: (tier) => `, Stufe ${tier}`,
  more: "Mehr anzeigen",
  all: "Alle Aktivität",
  label: "Aktivität",
  title: (name) => `Aktivität von ${name}`,
};

export const TEXTS = { en: EN, de: DE };
