/** What is said of what arrives from an encoder. */

const SEVERITIES_EN: Readonly<Record<string, string>> = { error: "Error", warning: "Warning", info: "Hint" };
const SEVERITIES_DE: Readonly<Record<string, string>> = { error: "Fehler", warning: "Warnung", info: "Hinweis" };

const STATUS_EN: Readonly<Record<string, string>> = { good: "Good", ok: "Could be better", bad: "Bad", noData: "Nothing arrives" };
const STATUS_DE: Readonly<Record<string, string>> = { good: "Gut", ok: "Könnte besser sein", bad: "Schlecht", noData: "Nichts kommt an" };

const GRAPHS_EN = {
  viewers: "Viewers",
  chatters: "People in chat",
  messages: "Messages a minute",
  bitrate: "Bitrate",
  fps: "Frames a second",
  keyframe_interval: "Keyframe interval",
  dropped: "Lost frames a minute",
};
const GRAPHS_DE: typeof GRAPHS_EN = {
  viewers: "Zuschauer",
  chatters: "Leute im Chat",
  messages: "Nachrichten pro Minute",
  bitrate: "Bitrate",
  fps: "Bilder pro Sekunde",
  keyframe_interval: "Keyframe-Intervall",
  dropped: "Verlorene Bilder pro Minute",
};

const EN = {
  severities: SEVERITIES_EN,
  status: STATUS_EN,
  measuring: "Being measured",
  graphs: GRAPHS_EN,
  seconds: (value: string) => `${value} s`,
  kbits: (value: string) => `${value} kbit/s`,
  wanted: (value: string) => `best: ${value}`,
  allWell: "Everything arrives as it should.",
  health: "Stream health",
  healthOf: (name: string) => `Stream health of ${name}`,
  picture: "Picture",
  sound: "Sound",
  encoder: "Encoder",
  bitrate: "Bitrate",
  frames: "Frames a second",
  keyframes: "Keyframe interval",
  lost: "Lost frames",
  roundTrip: "Round trip",
  unknown: "–",
  noSound: "none",
  noPicture: "none",
  away: "The encoder is gone. The stream waits a moment for it to come back.",
  offline: "Offline",
  offlineText: "Numbers and advice come as soon as an encoder sends something.",
  connecting: "An encoder is connected; nothing has come from it yet.",
  refused: "The last encoder was sent away",
};

const DE: typeof EN = {
  severities: SEVERITIES_DE,
  status: STATUS_DE,
  measuring: "Wird gemessen",
  graphs: GRAPHS_DE,
  seconds: (value) => `${value} s`,
  kbits: (value) => `${value} kbit/s`,
  wanted: (value) => `am besten ${value}`,
  allWell: "Alles kommt an, wie es soll.",
  health: "Zustand des Streams",
  healthOf: (name) => `Zustand des Streams von ${name}`,
  picture: "Bild",
  sound: "Ton",
  encoder: "Encoder",
  bitrate: "Bitrate",
  frames: "Bilder pro Sekunde",
  keyframes: "Keyframe-Intervall",
  lost: "Verlorene Bilder",
  roundTrip: "Umlaufzeit",
  unknown: "–",
  noSound: "keiner",
  noPicture: "keins",
  away: "Der Encoder ist weg. Der Stream wartet einen Moment, ob er zurückkommt.",
  offline: "Offline",
  offlineText: "Zahlen und Rat kommen, sobald ein Encoder etwas schickt.",
  connecting: "Ein Encoder ist verbunden; gekommen ist noch nichts.",
  refused: "Der letzte Encoder wurde abgewiesen",
};

export const TEXTS = { en: EN, de: DE };
