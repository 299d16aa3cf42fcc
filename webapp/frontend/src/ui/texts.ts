const EN = {
  close: "Close",
  dismiss: "Dismiss",
  live: "Live",
  loading: "Loading…",
  retry: "Try again",
};

const DE: typeof EN = {
  close: "Schließen",
  dismiss: "Ausblenden",
  live: "Live",
  loading: "Wird geladen …",
  retry: "Noch einmal versuchen",
};

export const TEXTS = { en: EN, de: DE };
