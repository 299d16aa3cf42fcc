/** What the page about a channel says. */

import type { Label, Visibility } from "./ChannelPage";

const VISIBILITIES_EN: Readonly<Record<Visibility, string>> = {
  public: "everybody",
  unlisted: "everybody who knows the address; it is in no list",
  followers: "followers only",
  subs: "subscribers only",
  password: "whoever knows a password",
};
const VISIBILITIES_DE: Readonly<Record<Visibility, string>> = {
  public: "alle",
  unlisted: "alle, die die Adresse kennen; er steht in keiner Liste",
  followers: "nur Follower",
  subs: "nur Abonnenten",
  password: "alle, die ein Passwort kennen",
};
const LABELS_EN: Readonly<Record<Label, string>> = {
  DebatedSocialIssuesAndPolitics: "Politics and debated social issues",
  DrugsIntoxication: "Drugs and drunkenness",
  Gambling: "Gambling",
  MatureGame: "A game for adults",
  ProfanityVulgarity: "Much swearing",
  SexualThemes: "Sexual themes",
  ViolentGraphic: "Violence and gore",
};
const LABELS_DE: Readonly<Record<Label, string>> = {
  DebatedSocialIssuesAndPolitics: "Politik und umstrittene Themen",
  DrugsIntoxication: "Drogen und Rausch",
  Gambling: "Glücksspiel",
  MatureGame: "Ein Spiel für Erwachsene",
  ProfanityVulgarity: "Viele Schimpfwörter",
  SexualThemes: "Sexuelle Themen",
  ViolentGraphic: "Gewalt und Blut",
};

const EN = {
  access: "Who may watch",
  accessText: "Counts at once: whoever may not watch any more is cut off. The page and its chat stay public.",
  accessOwner: "Only the owner says who may watch.",
  visibility: "Watched by",
  visibilities: VISIBILITIES_EN,
  password: "Password of the channel",
  passwordHint: "At least 8 characters. Tell it to those who may watch; it is not shown again.",
  passwordKept: "At least 8 characters. Empty: the one there is stays.",
  passwordFault: "A password has 8 to 200 characters.",
  save: "Save",
  saved: "Saved.",
  stale: (now: string) => `Somebody else changed this meanwhile, so it was not saved. Now it says: ${now}. Save again to have it as chosen here.`,
  content: "What viewers are warned of",
  contentText: "A page asks viewers before it plays.",
  fields: { is_mature: "Only for adults", content_classification_labels: "Labels" },
  labels: LABELS_EN,
  offline: "Picture while offline",
  offlineText: "Shown in place of the player. PNG, JPEG, WebP or GIF of up to 8 MiB; made smaller where it is larger than 1920 by 1080.",
  offlineAlt: "The picture that is shown while the channel is offline",
  remove: "Remove the picture",
  removed: "The picture is removed.",
  name: "Name and picture",
  nameText: "The name, picture and description of a channel are those of its owner.",
  toProfile: "To the profile",
  nameOther: "Only the owner changes them.",
};

const DE: typeof EN = {
  access: "Wer zusehen darf",
  accessText: "Gilt sofort: Wer nicht mehr zusehen darf, wird getrennt. Die Seite und ihr Chat bleiben öffentlich.",
  accessOwner: "Wer zusehen darf, sagt nur der Eigentümer.",
  visibility: "Zusehen dürfen",
  visibilities: VISIBILITIES_DE,
  password: "Passwort des Kanals",
  passwordHint: "Mindestens 8 Zeichen. Sag es denen, die zusehen dürfen; es wird nicht wieder gezeigt.",
  passwordKept: "Mindestens 8 Zeichen. Leer: Das jetzige bleibt.",
  passwordFault: "Ein Passwort hat 8 bis 200 Zeichen.",
  save: "Speichern",
  saved: "Gespeichert.",
  stale: (now) => `Jemand anders hat das inzwischen geändert, deshalb wurde nichts gespeichert. Jetzt steht da: ${now}. Speichere noch einmal, damit es wird, wie hier gewählt.`,
  content: "Wovor Zuschauer gewarnt werden",
  contentText: "Die Seite fragt Zuschauer, bevor sie abspielt.",
  fields: { is_mature: "Nur für Erwachsene", content_classification_labels: "Hinweise" },
  labels: LABELS_DE,
  offline: "Bild, solange der Kanal offline ist",
  offlineText: "Steht anstelle des Players. PNG, JPEG, WebP oder GIF bis 8 MiB; wird verkleinert, wenn es größer als 1920 mal 1080 ist.",
  offlineAlt: "Das Bild, das zu sehen ist, solange der Kanal offline ist",
  remove: "Bild entfernen",
  removed: "Das Bild ist entfernt.",
  name: "Name und Bild",
  nameText: "Name, Bild und Beschreibung eines Kanals sind die seines Eigentümers.",
  toProfile: "Zum Profil",
  nameOther: "Nur der Eigentümer ändert sie.",
};

export const TEXTS = { en: EN, de: DE };
