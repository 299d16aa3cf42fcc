/**
 * What the server finds wrong with a stream (docs/stream-health.md), for pages in other languages than its own: it says so in
 * English, with the numbers. A type that is not here is newer than this page, and told in the server's words.
 */

export interface Advice {
  readonly title: string;
  readonly text: string;
}

const KEYFRAMES = "OBS: Einstellungen → Ausgabe, Ausgabemodus „Erweitert“, Streamen → Keyframe-Intervall = 2";
const BITRATE = "OBS: Einstellungen → Ausgabe → Streamen → Video-Bitrate";

const DE: Readonly<Record<string, Advice>> = {
  noKeyframe: { title: "Keine Keyframes", text: `Es kommen keine Keyframes, niemand kann zu schauen beginnen. Stelle 2 s ein. ${KEYFRAMES}; schalte „Intra Refresh“ aus.` },
  gopSizeLong: { title: "Keyframes zu selten", text: `Wer zuschauen will, muss länger warten. Stelle 2 s ein. ${KEYFRAMES} (0 heißt automatisch: etwa 8 s bei 30 Bildern).` },
  gopSizeShort: { title: "Keyframes zu häufig", text: `Sie sind groß, deshalb wird das Bild bei gleicher Bitrate schlechter. ${KEYFRAMES}.` },
  gopMismatch: { title: "Keyframes unregelmäßig", text: `Ihr Abstand schwankt. ${KEYFRAMES}; bei x264 außerdem die Option scenecut=0.` },
  videoBitrateLow: { title: "Video-Bitrate niedrig", text: `Das Bild verschwimmt bei Bewegung. Nimm mehr oder ein kleineres Bild. ${BITRATE}; Einstellungen → Video → Ausgabe-Auflösung.` },
  videoBitrateHigh: { title: "Video-Bitrate hoch", text: `Mehr, als das Bild davon hat; bei langsamen Leitungen stockt es. 6000 kbit/s kommen fast überall an. ${BITRATE}.` },
  frameRateLow: { title: "Wenige Bilder pro Sekunde", text: "Bewegung wirkt ruckelig. OBS: Einstellungen → Video → FPS-Werte = 30 oder 60." },
  framerateMismatch: { title: "Weniger Bilder als angekündigt", text: "Dieser Computer ist für seine Einstellungen zu langsam. OBS: Ansicht → Statistik; nimm einen Hardware-Encoder, ein schnelleres Preset oder ein kleineres Bild." },
  videoResolutionVariable: { title: "Bildgröße wechselt", text: "Player können dabei kurz stehen bleiben. Behalte eine Größe für den ganzen Stream." },
  videoIngestionStarved: { title: "Upload zu langsam", text: `Es kommt weniger an, als gespielt wird: Beim Publikum stockt es. Senke die Bitrate um ein Drittel und nimm ein Kabel statt WLAN. ${BITRATE}.` },
  videoIngestionLate: { title: "Stream kommt verspätet", text: "Nach einem Stocken des Uploads wartet noch etwas im Encoder. Stoppe und starte den Stream, um die Verzögerung loszuwerden." },
  videoIngestionFasterThanRealtime: { title: "Zu schnell gesendet", text: "Ein Live-Stream muss in Echtzeit kommen: Gib ffmpeg vor der Eingabe die Option -re." },
  uploadUnstable: { title: "Upload unruhig", text: `Bilder kommen ungleichmäßig. Nimm ein Kabel oder senke die Bitrate. ${BITRATE}.` },
  connectionUnstable: { title: "Verbindung bricht ab", text: "Der Encoder musste sich mehrmals neu verbinden. Prüfe Kabel, Router und andere Uploads." },
  framesDropped: { title: "Bilder ausgelassen", text: "OBS sagt unter Ansicht → Statistik, warum: Netzwerk (Bitrate senken), Encoding (schnelleres Preset oder Hardware-Encoder) oder Rendering (Bildrate des Spiels begrenzen)." },
  manyFramesDropped: { title: "Viele Bilder ausgelassen", text: "OBS sagt unter Ansicht → Statistik, warum: Netzwerk (Bitrate senken), Encoding (schnelleres Preset oder Hardware-Encoder) oder Rendering (Bildrate des Spiels begrenzen)." },
  timestampsJump: { title: "Die Uhr des Encoders springt", text: "Bild und Ton können stottern. Starte den Encoder neu." },
  badContainer: { title: "Unverständliche Daten", text: "Aktualisiere den Encoder; bleibt es so, wähle H.264 und AAC." },
  mediaUnusable: { title: "Pakete ohne Platz", text: "Zeitstempel stehen still oder stimmen nicht. Starte den Encoder neu." },
  noAudioStream: { title: "Kein Ton", text: "OBS: Einstellungen → Audio, wähle ein Gerät; Einstellungen → Ausgabe → Audio, wähle eine Spur zum Streamen." },
  audioSilent: { title: "Der Ton scheint still", text: "OBS: Sieh nach, ob sich der Audio-Mixer bewegt und nichts stumm ist." },
  audioBitrateLow: { title: "Audio-Bitrate niedrig", text: "Nimm 128 bis 160. OBS: Einstellungen → Ausgabe → Audio → Audio-Bitrate." },
  audioSampleRate: { title: "Abtastrate niedrig", text: "Es fehlen hohe Töne. OBS: Einstellungen → Audio → Abtastrate = 48 kHz." },
  noVideoStream: { title: "Kein Bild", text: "Stoppe und starte den Stream; sieh im Protokoll des Encoders nach Fehlern des Video-Encoders." },
  audioOnly: { title: "Nur Ton", text: "Für Radio ist das richtig. Für ein Bild sieh in den Videoeinstellungen des Encoders nach." },
  codecUnsupported: { title: "Codec geht nicht", text: "Wähle H.264 für Video und AAC für Audio. OBS: Einstellungen → Ausgabe → Streamen → Video-Encoder, Audio-Encoder." },
  trackLate: { title: "Eine Spur kam zu spät", text: "Sie wird nicht gespielt. Stoppe und starte den Stream, wenn alle Quellen bereit sind." },
  multipleStreams: { title: "Mehr als eine Spur", text: "Das Publikum bekommt die jeweils erste. OBS: Einstellungen → Stream, schalte Multitrack-Video aus; Einstellungen → Ausgabe → Streamen, schalte die VOD-Spur aus." },
  videoCodec: { title: "Nicht jeder Browser spielt dieses Video", text: "H.264 läuft überall. OBS: Einstellungen → Ausgabe → Streamen → Video-Encoder." },
  audioCodec: { title: "Nicht jeder Browser spielt diesen Ton", text: "Wähle AAC. OBS: Einstellungen → Ausgabe → Streamen → Audio-Encoder." },
  bFramesHigh: { title: "Viele B-Frames", text: "Sie lassen das Publikum länger warten. OBS: Einstellungen → Ausgabe → Streamen → Max. B-Frames = 2 oder weniger." },
};

const EN: Readonly<Record<string, Advice>> = {};

export const TEXTS = { en: EN, de: DE };
