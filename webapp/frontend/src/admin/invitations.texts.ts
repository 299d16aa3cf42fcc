/** Invitations. */

const EN = {
  lead: "An invitation makes one account. It is needed while the settings say that accounts are made by invitation.",
  open: "Everybody can make an account at the moment, so nobody needs an invitation.",
  closed: "Nobody can make an account at the moment, not even with an invitation.",
  toSettings: "To the settings",
  days: "Works for",
  dayChoices: { "1": "1 day", "7": "7 days", "14": "14 days", "30": "30 days", "90": "90 days" },
  make: "Make an invitation",
  made: "This link is shown only now. Send it to whom you invite.",
  link: "Link",
  copy: "Copy link",
  copied: "Copied.",
  notCopied: "Copying is not possible here; select the link and copy it yourself.",
  waiting: "Not used yet",
  none: "No invitation waits to be used.",
  madeAt: "Made",
  until: "Works until",
  revoke: "Take back",
  revokeOf: (id: string) => `Take the invitation ${id} back`,
  revoked: "The invitation works no more.",
};

const DE: typeof EN = {
  lead: "Mit einer Einladung lässt sich ein Konto machen. Man braucht sie, wenn es laut Einstellungen Konten mit Einladung gibt.",
  open: "Zurzeit können alle ein Konto machen, niemand braucht eine Einladung.",
  closed: "Zurzeit kann niemand ein Konto machen, auch nicht mit Einladung.",
  toSettings: "Zu den Einstellungen",
  days: "Gilt für",
  dayChoices: { "1": "1 Tag", "7": "7 Tage", "14": "14 Tage", "30": "30 Tage", "90": "90 Tage" },
  make: "Einladung machen",
  made: "Dieser Link wird nur jetzt gezeigt. Schick ihn der Person, die du einlädst.",
  link: "Link",
  copy: "Link kopieren",
  copied: "Kopiert.",
  notCopied: "Kopieren geht hier nicht; markiere den Link und kopiere ihn selbst.",
  waiting: "Noch nicht benutzt",
  none: "Keine Einladung wartet.",
  madeAt: "Gemacht",
  until: "Gilt bis",
  revoke: "Zurücknehmen",
  revokeOf: (id) => `Die Einladung ${id} zurücknehmen`,
  revoked: "Die Einladung gilt nicht mehr.",
};

export const TEXTS = { en: EN, de: DE };
