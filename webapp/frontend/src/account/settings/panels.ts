/** The panels below a channel's player, while they are edited. Pure. */

import type { Schemas } from "../../api/types";

type Panel = Schemas["Panel"];

/** One that is edited: its `key` stays when it is moved. */
export interface Draft extends Panel {
  readonly key: number;
}

export type PanelFault = "link" | "long";

export const MAX_PANELS = 20;
export const MAX_TITLE = 100;
export const MAX_TEXT = 2000;

export function drafts(panels: readonly Panel[]): readonly Draft[] {
  return panels.map((panel, key) => ({ ...panel, key }));
}

/** As the API has it. */
export function bare({ title, text, image, link }: Draft): Panel {
  return { title, text, image, link };
}

const SHORT = 60;

/** What tells these panels from others, in a line. */
export function inShort(panels: readonly Panel[]): string | undefined {
  return panels.map(({ title, text }) => shortened([title, text].filter((part) => part !== "").join(": "))).join(" · ") || undefined;
}

function shortened(text: string): string {
  const letters = Array.from(text.replace(/\s+/g, " "));
  return letters.length > SHORT ? `${letters.slice(0, SHORT - 1).join("")}…` : letters.join("");
}

/** With an empty one at the end. */
export function added(panels: readonly Draft[]): readonly Draft[] {
  const key = Math.max(-1, ...panels.map((panel) => panel.key)) + 1;
  return [...panels, { key, title: "", text: "", image: null, link: null }];
}

/** With the one of `key` a place further up (-1) or down (1); the same where there is no such place. */
export function moved(panels: readonly Draft[], key: number, by: -1 | 1): readonly Draft[] {
  const at = panels.findIndex((panel) => panel.key === key);
  const [panel, other] = [panels[at], panels[at + by]];
  if (panel === undefined || other === undefined) return panels;
  return panels.map((one) => (one === panel ? other : one === other ? panel : one));
}

/** What the API would refuse of a panel; null: nothing that can be seen from here. */
export function panelFault({ title, text, link }: Panel): PanelFault | null {
  if (link !== null && link.trim() !== "" && !isLink(link.trim())) return "link";
  return Array.from(title).length > MAX_TITLE || Array.from(text).length > MAX_TEXT ? "long" : null;
}

/** As they are sent: without keys, and without those that hold nothing. */
export function sendable(panels: readonly Draft[]): readonly Panel[] {
  return panels
    .map(({ title, text, image, link }) => ({ title: title.trim(), text: text.trim(), image, link: link?.trim() ? link.trim() : null }))
    .filter(({ title, text, image }) => title !== "" || text !== "" || image !== null);
}

/** As the API has it: RFC 3986, and no user before the host, who would pass for one. */
function isLink(text: string): boolean {
  return /^https:\/\/[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#][A-Za-z0-9._~:/?#[\]@!$&'()*+,;=%-]*)?$/.test(text);
}
