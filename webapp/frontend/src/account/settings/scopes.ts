/** What a token may be allowed, in words. The compiler sees to it that no scope of the API is missing, in either language. */

import type { Schemas } from "../../api/types";

export type Scope = Schemas["NewToken"]["scopes"][number];

const EN: Readonly<Record<Scope, string>> = {
  "channel:manage:broadcast": "Change the title, category and tags of your channel",
  "channel:manage:emotes": "Upload, rename and delete emotes and badges of your channel",
  "channel:manage:moderators": "Choose the moderators of your channel",
  "channel:manage:polls": "Begin and end polls where you moderate",
  "channel:manage:raids": "Lead viewers to other channels where you moderate",
  "channel:manage:stream_key": "Make and revoke stream keys",
  "channel:manage:subscriptions": "Give subscriptions to your channel, and take them back",
  "channel:manage:vips": "Choose the VIPs of your channel",
  "channel:moderate": "Hear of what moderators do in your channel, and where you moderate",
  "channel:read:analytics": "See viewers and health of your broadcasts",
  "channel:read:editors": "See who edits your channel",
  "channel:read:polls": "See polls where you moderate",
  "channel:read:stream_key": "See which stream keys there are",
  "channel:read:subscriptions": "See who subscribes to your channel",
  "channel:read:vips": "See the VIPs of your channel",
  "chat:edit": "Write in chat (IRC)",
  "chat:read": "Read chat (IRC)",
  "moderation:read": "See bans and moderators of your channel",
  "moderator:manage:announcements": "Announce things in chat where you moderate",
  "moderator:manage:automod": "Decide about held messages where you moderate",
  "moderator:manage:banned_users": "Ban and time out where you moderate",
  "moderator:manage:blocked_terms": "Choose which terms are blocked where you moderate",
  "moderator:manage:chat_messages": "Delete messages where you moderate",
  "moderator:manage:chat_settings": "Change chat settings where you moderate",
  "moderator:manage:shield_mode": "Raise and lower the shield where you moderate",
  "moderator:manage:suspicious_users": "Watch and restrict people where you moderate",
  "moderator:manage:unban_requests": "Answer requests to be unbanned where you moderate",
  "moderator:manage:warnings": "Warn people where you moderate",
  "moderator:read:blocked_terms": "See which terms are blocked where you moderate",
  "moderator:read:chat_messages": "Look through what was said where you moderate",
  "moderator:read:chat_settings": "See all chat settings where you moderate",
  "moderator:read:followers": "See who follows where you moderate",
  "moderator:read:shield_mode": "See the shield where you moderate",
  "moderator:read:suspicious_users": "See who is watched where you moderate",
  "moderator:read:unban_requests": "See who asks to be unbanned where you moderate",
  "user:edit": "Change how your name is written, and what you say of yourself",
  "user:manage:blocked_users": "Block and unblock people",
  "user:manage:follows": "Follow and unfollow channels",
  "user:read:blocked_users": "See whom you have blocked",
  "user:read:chat": "Read chat",
  "user:read:email": "See your e-mail address",
  "user:read:emotes": "See which emotes you may use",
  "user:read:follows": "See which channels you follow",
  "user:read:moderated_channels": "See where you are editor, moderator or VIP",
  "user:read:subscriptions": "See whom you subscribe to",
  "user:write:chat": "Write in chat",
};

const DE: typeof EN = {
  "channel:manage:broadcast": "Titel, Kategorie und Schlagwörter deines Kanals ändern",
  "channel:manage:emotes": "Emotes und Abzeichen deines Kanals hochladen, umbenennen und löschen",
  "channel:manage:moderators": "Moderatoren deines Kanals bestimmen",
  "channel:manage:polls": "Umfragen beginnen und beenden, wo du moderierst",
  "channel:manage:raids": "Zuschauer in andere Kanäle führen, wo du moderierst",
  "channel:manage:stream_key": "Streamschlüssel anlegen und widerrufen",
  "channel:manage:subscriptions": "Abos deines Kanals vergeben und zurücknehmen",
  "channel:manage:vips": "VIPs deines Kanals bestimmen",
  "channel:moderate": "Erfahren, was in deinem Kanal und dort, wo du moderierst, moderiert wird",
  "channel:read:analytics": "Zuschauerzahlen und Zustand deiner Übertragungen sehen",
  "channel:read:editors": "Sehen, wer deinen Kanal bearbeitet",
  "channel:read:polls": "Umfragen sehen, wo du moderierst",
  "channel:read:stream_key": "Sehen, welche Streamschlüssel es gibt",
  "channel:read:subscriptions": "Sehen, wer deinen Kanal abonniert",
  "channel:read:vips": "Die VIPs deines Kanals sehen",
  "chat:edit": "Im Chat schreiben (IRC)",
  "chat:read": "Den Chat lesen (IRC)",
  "moderation:read": "Sperren und Moderatoren deines Kanals sehen",
  "moderator:manage:announcements": "Im Chat etwas ankündigen, wo du moderierst",
  "moderator:manage:automod": "Über zurückgehaltene Nachrichten entscheiden, wo du moderierst",
  "moderator:manage:banned_users": "Sperren und Auszeiten geben, wo du moderierst",
  "moderator:manage:blocked_terms": "Gesperrte Wörter bestimmen, wo du moderierst",
  "moderator:manage:chat_messages": "Nachrichten löschen, wo du moderierst",
  "moderator:manage:chat_settings": "Chat-Einstellungen ändern, wo du moderierst",
  "moderator:manage:shield_mode": "Den Schutzschild heben und senken, wo du moderierst",
  "moderator:manage:suspicious_users": "Leute beobachten und einschränken, wo du moderierst",
  "moderator:manage:unban_requests": "Anträge auf Entsperrung beantworten, wo du moderierst",
  "moderator:manage:warnings": "Leute verwarnen, wo du moderierst",
  "moderator:read:blocked_terms": "Sehen, welche Wörter gesperrt sind, wo du moderierst",
  "moderator:read:chat_messages": "Den Chatverlauf lesen und durchsuchen, wo du moderierst",
  "moderator:read:chat_settings": "Alle Chat-Einstellungen sehen, wo du moderierst",
  "moderator:read:followers": "Sehen, wer folgt, wo du moderierst",
  "moderator:read:shield_mode": "Den Schutzschild sehen, wo du moderierst",
  "moderator:read:suspicious_users": "Sehen, wer beobachtet wird, wo du moderierst",
  "moderator:read:unban_requests": "Anträge auf Entsperrung sehen, wo du moderierst",
  "user:edit": "Ändern, wie dein Name geschrieben wird und was du über dich sagst",
  "user:manage:blocked_users": "Leute blockieren und freigeben",
  "user:manage:follows": "Kanälen folgen und entfolgen",
  "user:read:blocked_users": "Sehen, wen du blockiert hast",
  "user:read:chat": "Den Chat lesen",
  "user:read:email": "Deine E-Mail-Adresse sehen",
  "user:read:emotes": "Sehen, welche Emotes du benutzen kannst",
  "user:read:follows": "Sehen, welchen Kanälen du folgst",
  "user:read:moderated_channels": "Sehen, wo du bearbeitest, moderierst oder VIP bist",
  "user:read:subscriptions": "Sehen, wen du abonniert hast",
  "user:write:chat": "Im Chat schreiben",
};

export const SCOPE_TEXTS = { en: EN, de: DE };

const AREAS = ["chat", "user", "channel", "moderation", "moderator"];

/** All of them, in the order in which they are offered: what people look for most comes first. */
export const SCOPES: readonly Scope[] = (Object.keys(EN) as Scope[]).sort((one, other) => rank(one) - rank(other));

function rank(scope: Scope): number {
  return AREAS.indexOf(scope.split(":", 1)[0] ?? "");
}

/** What a scope allows, in words; one that this page does not know yet by its name. */
export function scopeText(texts: Readonly<Record<string, string>>, scope: string): string {
  return texts[scope] ?? scope;
}
