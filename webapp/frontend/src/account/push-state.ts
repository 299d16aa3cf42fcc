/** Whether this browser can be told things by Web Push, and if not, why. Pure. */

export interface PushFacts {
  /** Browsers allow push on HTTPS, and on this machine itself. */
  secure: boolean;
  /** Service workers, PushManager and Notification are all there. */
  supported: boolean;
  ios: boolean;
  /** Opened from the home screen. */
  installed: boolean;
  permission: NotificationPermission;
  /** The browser has a subscription that this account made. */
  subscribed: boolean;
}

export type PushState = "insecure" | "install-first" | "unsupported" | "denied" | "off" | "on";

/** Say what the page has to tell, or to offer. */
export function pushState(facts: PushFacts): PushState {
  if (!facts.secure) return "insecure";
  if (facts.ios && !facts.installed) return "install-first"; // iOS has push for installed pages only, since 16.4
  if (!facts.supported) return "unsupported";
  if (facts.permission === "denied") return "denied";
  return facts.subscribed && facts.permission === "granted" ? "on" : "off";
}

/** Turn an `applicationServerKey` in base64url into the bytes that it stands for. */
export function keyBytes(base64url: string): Uint8Array<ArrayBuffer> {
  const base64 = base64url.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/** Whether two keys are the same. */
export function sameBytes(one: ArrayBuffer | null | undefined, other: Uint8Array): boolean {
  if (one?.byteLength !== other.byteLength) return false;
  return new Uint8Array(one).every((byte, place) => byte === other[place]);
}
