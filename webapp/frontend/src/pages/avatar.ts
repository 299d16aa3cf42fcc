/** A channel's round initial, coloured by its login. */

import { h } from "../dom";

/** 0 to 359, always the same for a login. */
export function hue(login: string): number {
  let value = 0;
  for (const character of login) {
    value = (value * 31 + (character.codePointAt(0) ?? 0)) % 360;
  }
  return value;
}

export function avatar(login: string, name: string): HTMLElement {
  const element = h("span", { class: "avatar", "aria-hidden": "true" }, name.slice(0, 1).toUpperCase());
  element.style.setProperty("--hue", String(hue(login)));
  return element;
}
