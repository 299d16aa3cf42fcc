/** What `ReasonDialog` and the like say. */

const EN = {
  reason: "Reason",
  cancel: "Cancel",
  needed: "Say why.",
};

const DE: typeof EN = {
  reason: "Grund",
  cancel: "Abbrechen",
  needed: "Sag, warum.",
};

export const TEXTS = { en: EN, de: DE };
