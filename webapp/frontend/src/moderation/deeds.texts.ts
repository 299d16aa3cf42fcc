/** What the log says of each deed. The sentence goes on after the name of who did it: "anna — banned ben". */

import type { Texts } from "../i18n";

export interface DeedFacts {
  /** Whom or what it was about, by name; '' where that is not known. */
  readonly whom: string;
  /** Seconds of a timeout. */
  readonly seconds: number;
  readonly details: Readonly<Record<string, unknown>>;
}
type Sentence = (facts: DeedFacts) => string;

function given({ details }: DeedFacts, name: string): string {
  const value = details[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function span(seconds: number, units: readonly [string, string, string, string]): string {
  for (const [index, size] of [86_400, 3600, 60].entries()) {
    if (seconds >= size && seconds % size === 0) return `${seconds / size} ${units[index] ?? ""}`;
  }
  return `${seconds} ${units[3]}`;
}
const spanEn = (seconds: number): string => span(seconds, ["d", "h", "min", "s"]);
const spanDe = (seconds: number): string => span(seconds, ["Tage", "Std.", "Min.", "Sek."]);

const EN: Readonly<Record<string, Sentence>> = {
  ban: ({ whom }) => `banned ${whom}`,
  timeout: ({ whom, seconds }) => `timed ${whom} out for ${spanEn(seconds)}`,
  unban: ({ whom }) => `unbanned ${whom}`,
  untimeout: ({ whom }) => `ended the timeout of ${whom}`,
  delete: ({ whom }) => `deleted a message of ${whom}`,
  clear_user: ({ whom }) => `deleted all messages of ${whom}`,
  clear: () => "emptied the chat",
  warn: ({ whom }) => `warned ${whom}`,
  acknowledge_warning: () => "acknowledged a warning",
  update_suspicious_user: (facts) =>
    given(facts, "low_trust_status") === "none"
      ? `watches ${facts.whom} no longer`
      : given(facts, "low_trust_status") === "restricted"
        ? `has messages of ${facts.whom} wait`
        : `watches ${facts.whom}`,
  update_note: ({ whom }) => `changed the notes about ${whom}`,
  approve_held_message: ({ whom }) => `allowed a message of ${whom}`,
  deny_held_message: ({ whom }) => `denied a message of ${whom}`,
  unban_request: () => "asks to be unbanned",
  approve_unban_request: ({ whom }) => `approved the request of ${whom} to be unbanned`,
  deny_unban_request: ({ whom }) => `denied the request of ${whom} to be unbanned`,
  announcement: () => "announced something",
  pin: ({ whom }) => (whom ? `pinned a message of ${whom}` : "pinned a message"),
  unpin: () => "took the pinned message down",
  create_poll: (facts) => `began a poll: ${given(facts, "title")}`,
  end_poll: (facts) => `ended a poll: ${given(facts, "title")}`,
  raid: ({ whom }) => `called a raid${whom ? ` on ${whom}` : ""}`,
  unraid: () => "called the raid off",
  raid_settings: () => "changed whose raids the channel takes",
  mod: ({ whom }) => `made ${whom} a moderator`,
  unmod: ({ whom }) => `took the role of moderator from ${whom}`,
  vip: ({ whom }) => `made ${whom} a VIP`,
  unvip: ({ whom }) => `took the role of VIP from ${whom}`,
  add_editor: ({ whom }) => `made ${whom} an editor`,
  remove_editor: ({ whom }) => `took the role of editor from ${whom}`,
  add_blocked_term: (facts) => `blocked a term${terms(facts)}`,
  remove_blocked_term: (facts) => `unblocked a term${terms(facts)}`,
  slow: (facts) => `switched slow mode on, ${spanEn(Number(given(facts, "slow_mode_wait_time")) || 0)}`,
  slowoff: () => "switched slow mode off",
  followers: () => "switched on that only followers write",
  followersoff: () => "switched off that only followers write",
  subscribers: () => "switched on that only subscribers write",
  subscribersoff: () => "switched off that only subscribers write",
  emoteonly: () => "switched on that only emotes are written",
  emoteonlyoff: () => "switched off that only emotes are written",
  uniquechat: () => "switched on that nothing is said twice",
  uniquechatoff: () => "switched off that nothing is said twice",
  chat_settings: () => "changed rules of the chat",
  shield_mode_begin: () => "raised the shield",
  shield_mode_end: () => "lowered the shield",
  shield_mode_preset: () => "changed what the shield sets",
  update_channel: () => "changed the channel",
  grant_subscription: ({ whom }) => `granted ${whom} a subscription`,
  take_back_subscription: ({ whom }) => `took a subscription back from ${whom}`,
  gift_subscription: ({ whom }) => (whom ? `gave ${whom} a subscription` : "gave subscriptions"),
};

const DE: Readonly<Record<string, Sentence>> = {
  ban: ({ whom }) => `hat ${whom} gebannt`,
  timeout: ({ whom, seconds }) => `hat ${whom} eine Auszeit von ${spanDe(seconds)} gegeben`,
  unban: ({ whom }) => `hat ${whom} entbannt`,
  untimeout: ({ whom }) => `hat die Auszeit von ${whom} beendet`,
  delete: ({ whom }) => `hat eine Nachricht von ${whom} gelöscht`,
  clear_user: ({ whom }) => `hat alle Nachrichten von ${whom} gelöscht`,
  clear: () => "hat den Chat geleert",
  warn: ({ whom }) => `hat ${whom} verwarnt`,
  acknowledge_warning: () => "hat eine Verwarnung bestätigt",
  update_suspicious_user: (facts) =>
    given(facts, "low_trust_status") === "none"
      ? `beobachtet ${facts.whom} nicht mehr`
      : given(facts, "low_trust_status") === "restricted"
        ? `lässt Nachrichten von ${facts.whom} warten`
        : `beobachtet ${facts.whom}`,
  update_note: ({ whom }) => `hat die Notizen über ${whom} geändert`,
  approve_held_message: ({ whom }) => `hat eine Nachricht von ${whom} zugelassen`,
  deny_held_message: ({ whom }) => `hat eine Nachricht von ${whom} abgelehnt`,
  unban_request: () => "bittet um Entbannung",
  approve_unban_request: ({ whom }) => `hat dem Antrag von ${whom} auf Entbannung zugestimmt`,
  deny_unban_request: ({ whom }) => `hat den Antrag von ${whom} auf Entbannung abgelehnt`,
  announcement: () => "hat etwas angekündigt",
  pin: ({ whom }) => (whom ? `hat eine Nachricht von ${whom} angeheftet` : "hat eine Nachricht angeheftet"),
  unpin: () => "hat die angeheftete Nachricht abgenommen",
  create_poll: (facts) => `hat eine Umfrage begonnen: ${given(facts, "title")}`,
  end_poll: (facts) => `hat eine Umfrage beendet: ${given(facts, "title")}`,
  raid: ({ whom }) => `hat einen Raid${whom ? ` zu ${whom}` : ""} ausgerufen`,
  unraid: () => "hat den Raid abgesagt",
  raid_settings: () => "hat geändert, wessen Raids der Kanal annimmt",
  mod: ({ whom }) => `hat ${whom} zum Moderator gemacht`,
  unmod: ({ whom }) => `hat ${whom} die Rolle des Moderators genommen`,
  vip: ({ whom }) => `hat ${whom} zum VIP gemacht`,
  unvip: ({ whom }) => `hat ${whom} die Rolle des VIP genommen`,
  add_editor: ({ whom }) => `hat ${whom} zum Editor gemacht`,
  remove_editor: ({ whom }) => `hat ${whom} die Rolle des Editors genommen`,
  add_blocked_term: (facts) => `hat einen Ausdruck gesperrt${terms(facts)}`,
  remove_blocked_term: (facts) => `hat einen Ausdruck freigegeben${terms(facts)}`,
  slow: (facts) => `hat den langsamen Modus eingeschaltet, ${spanDe(Number(given(facts, "slow_mode_wait_time")) || 0)}`,
  slowoff: () => "hat den langsamen Modus ausgeschaltet",
  followers: () => "hat eingeschaltet, dass nur Follower schreiben",
  followersoff: () => "hat ausgeschaltet, dass nur Follower schreiben",
  subscribers: () => "hat eingeschaltet, dass nur Abonnenten schreiben",
  subscribersoff: () => "hat ausgeschaltet, dass nur Abonnenten schreiben",
  emoteonly: () => "hat eingeschaltet, dass nur Emotes geschrieben werden",
  emoteonlyoff: () => "hat ausgeschaltet, dass nur Emotes geschrieben werden",
  uniquechat: () => "hat eingeschaltet, dass nichts doppelt gesagt wird",
  uniquechatoff: () => "hat ausgeschaltet, dass nichts doppelt gesagt wird",
  chat_settings: () => "hat Regeln des Chats geändert",
  shield_mode_begin: () => "hat den Schild gehoben",
  shield_mode_end: () => "hat den Schild gesenkt",
  shield_mode_preset: () => "hat geändert, was der Schild setzt",
  update_channel: () => "hat den Kanal geändert",
  grant_subscription: ({ whom }) => `hat ${whom} ein Abo gewährt`,
  take_back_subscription: ({ whom }) => `hat ${whom} ein Abo wieder genommen`,
  gift_subscription: ({ whom }) => (whom ? `hat ${whom} ein Abo geschenkt` : "hat Abos verschenkt"),
};

function terms(facts: DeedFacts): string {
  const given = facts.details.terms ?? facts.details.text;
  const texts = Array.isArray(given) ? given.filter((one): one is string => typeof one === "string") : typeof given === "string" ? [given] : [];
  return texts.length === 0 ? "" : `: ${texts.slice(0, 3).join(", ")}${texts.length > 3 ? " …" : ""}`;
}

export const DEEDS: Texts<Readonly<Record<string, Sentence>>> = { en: EN, de: DE };
