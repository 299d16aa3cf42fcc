/** What graphs say. */

const EN = {
  none: "Nothing was measured yet.",
  noneThen: "nothing measured",
  summary: (name: string, low: string, high: string, mean: string) => `${name}: between ${low} and ${high}, ${mean} on average.`,
  now: (value: string) => `now ${value}`,
  table: "As a table",
  time: "Time",
  average: "Average",
};

const DE: typeof EN = {
  none: "Noch nichts gemessen.",
  noneThen: "nichts gemessen",
  summary: (name, low, high, mean) => `${name}: zwischen ${low} und ${high}, im Mittel ${mean}.`,
  now: (value) => `jetzt ${value}`,
  table: "Als Tabelle",
  time: "Zeit",
  average: "Mittel",
};

export const TEXTS = { en: EN, de: DE };
