/** 0 to 359, always the same for a login. */
export function hue(login: string): number {
  let value = 0;
  for (const character of login) {
    value = (value * 31 + (character.codePointAt(0) ?? 0)) % 360;
  }
  return value;
}
