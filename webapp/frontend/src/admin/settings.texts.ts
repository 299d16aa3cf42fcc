/** Settings of the site, and what each does. */

const EN = {
  form: "Settings of the site",
  lead: "They count everywhere within a second, and win over the configuration of the server.",
  who: "Who the site is",
  entry: "Who comes in",
  words: "What holds here",
  labels: {
    name: "Name",
    description: "Description",
    registration: "New accounts",
    emote_review: "Review emotes and badges",
    announcement: "Announcement",
    rules: "Rules",
    terms: "Terms",
  },
  hints: {
    name: "In the header, in titles of tabs, and in e-mails.",
    description: "A sentence or two; search engines and apps may show it.",
    registration: "Accounts that there are stay, whatever you choose.",
    emote_review: "On: nobody sees what channels upload before the staff approved it. Off: everybody sees it at once, and what waits stays waiting.",
    announcement: "Everybody sees it on every page until you empty it.",
    rules: "Plain text. People see it when they sign up and at /api/site/terms.",
    terms: "Plain text, as the rules.",
  },
  registrations: {
    open: "Everybody makes an account",
    invite: "People with an invitation",
    closed: "Nobody",
  },
  nameNeeded: "A site has a name.",
};

const DE: typeof EN = {
  form: "Einstellungen der Seite",
  lead: "Sie gelten überall binnen einer Sekunde und gehen der Konfiguration des Servers vor.",
  who: "Was die Seite ist",
  entry: "Wer hereinkommt",
  words: "Was hier gilt",
  labels: {
    name: "Name",
    description: "Beschreibung",
    registration: "Neue Konten",
    emote_review: "Emotes und Abzeichen prüfen",
    announcement: "Ankündigung",
    rules: "Regeln",
    terms: "Bedingungen",
  },
  hints: {
    name: "Im Kopf der Seite, in Titeln von Tabs und in E-Mails.",
    description: "Ein, zwei Sätze; Suchmaschinen und Apps können sie zeigen.",
    registration: "Konten, die es gibt, bleiben, was auch immer du wählst.",
    emote_review: "An: Niemand sieht, was Kanäle hochladen, bevor das Team es freigegeben hat. Aus: Alle sehen es sofort, und was wartet, wartet weiter.",
    announcement: "Alle sehen sie auf jeder Seite, bis du sie leerst.",
    rules: "Einfacher Text. Man sieht ihn beim Anmelden und unter /api/site/terms.",
    terms: "Einfacher Text, wie die Regeln.",
  },
  registrations: {
    open: "Alle machen ein Konto",
    invite: "Wer eine Einladung hat",
    closed: "Niemand",
  },
  nameNeeded: "Eine Seite hat einen Namen.",
};

export const TEXTS = { en: EN, de: DE };
