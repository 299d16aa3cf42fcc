/** What the page about roles says. */

const EN = {
  lead: "Roles count at once, everywhere. Whoever loses one loses what it opens while the page is still open before them.",
  readOnly: "Only the owner of the channel gives and takes roles.",
  titles: { moderator: "Moderators", vip: "VIPs", editor: "Editors" },
  abouts: {
    moderator: "Delete messages, time people out and ban them, decide about held messages, and change the rules of chat. They are exempt from rules.",
    vip: "Have a badge, and are exempt from waiting and modes. They moderate nothing.",
    editor: "Change title, category, pictures, panels, emotes and badges. They see no stream keys and do not moderate.",
  },
  nones: { moderator: "There are no moderators.", vip: "There are no VIPs.", editor: "There are no editors." },
  logins: { moderator: "Login of a new moderator", vip: "Login of a new VIP", editor: "Login of a new editor" },
  give: "Add",
  take: "Remove",
  takeOf: (name: string) => `Remove ${name}`,
  given: (name: string) => `${name} has the role now.`,
  taken: (name: string) => `${name} does not have the role any more.`,
  since: "Since",
  form: "A login has 3 to 25 letters a to z, digits or _.",
  nobody: (login: string) => `There is nobody called ${login}.`,
};

const DE: typeof EN = {
  lead: "Rollen gelten sofort und überall. Wer eine verliert, verliert auch, was sie öffnet, selbst wenn die Seite noch offen ist.",
  readOnly: "Nur der Eigentümer des Kanals gibt und nimmt Rollen.",
  titles: { moderator: "Moderation", vip: "VIPs", editor: "Redaktion" },
  abouts: {
    moderator: "Löscht Nachrichten, schließt Leute auf Zeit oder ganz aus, entscheidet über Zurückgehaltenes und ändert die Chatregeln. Regeln gelten für sie nicht.",
    vip: "Haben ein Abzeichen und sind vom Warten und von Modi ausgenommen. Sie moderieren nichts.",
    editor: "Ändert Titel, Kategorie, Bilder, Tafeln, Emotes und Abzeichen. Sieht keine Stream-Schlüssel und moderiert nicht.",
  },
  nones: { moderator: "Niemand moderiert hier.", vip: "Hier gibt es keine VIPs.", editor: "Es gibt keine Redaktion." },
  logins: { moderator: "Login für die Moderation", vip: "Login für VIP", editor: "Login für die Redaktion" },
  give: "Hinzufügen",
  take: "Entfernen",
  takeOf: (name) => `${name} entfernen`,
  given: (name) => `${name} hat die Rolle jetzt.`,
  taken: (name) => `${name} hat die Rolle nicht mehr.`,
  since: "Seit",
  form: "Ein Login hat 3 bis 25 Buchstaben a bis z, Ziffern oder _.",
  nobody: (login) => `Niemand heißt ${login}.`,
};

export const TEXTS = { en: EN, de: DE };
