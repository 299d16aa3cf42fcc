/** Web Push in this browser: looking whether it works, turning it on and off, and keeping it up. */

import { ApiError, get, send } from "../api/client";
import { isIos } from "./browsers";
import { keyBytes, pushState, sameBytes, type PushState } from "./push-state";

const WORKER = "/sw.js";
/** Whose subscription the browser holds: another account that logs in here is not told without being asked. */
const OWNER = "weir-push-owner";

/** Waits before a server that did not answer is told again. */
const AGAIN_MS = [1000, 5000, 20_000];

/** The user said no, or closed the question. */
export class PushDismissedError extends Error {}
/** The browser has no way to its push service. */
export class PushServiceError extends Error {}

/** Say whether this browser is told things for the account `userId`, and if not, why. */
export async function readPushState(userId: string): Promise<PushState> {
  const supported = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
  return pushState({
    secure: window.isSecureContext,
    supported,
    ios: isIos(navigator.userAgent, navigator.maxTouchPoints),
    installed: window.matchMedia("(display-mode: standalone)").matches,
    permission: supported ? Notification.permission : "default",
    subscribed: supported && remembered(OWNER) === userId && (await subscription()) !== null,
  });
}

/** Subscribe, and tell the server. To be called from a click. Raises `PushDismissedError`, `PushServiceError`, `ApiError`. */
export async function turnPushOn(userId: string): Promise<void> {
  if ((await Notification.requestPermission()) !== "granted") throw new PushDismissedError();
  const { data } = await get<{ data: { key: string }[] }>("/push/key");
  const made = await subscribe(keyBytes(data[0]?.key ?? ""));
  try {
    await send("POST", "/push/subscriptions", made.toJSON());
  } catch (error) {
    await made.unsubscribe();
    throw error;
  }
  remember(OWNER, userId);
}

/** Unsubscribe, and tell the server. */
export async function turnPushOff(): Promise<void> {
  forget(OWNER);
  const [made, { data }] = await Promise.all([
    subscription(),
    get<{ data: { id: string; is_current: boolean }[] }>("/push/subscriptions"),
  ]);
  await made?.unsubscribe();
  for (const { id } of data.filter((browser) => browser.is_current)) await send("DELETE", `/push/subscriptions/${id}`);
}

/**
 * Tell the server again what it knew: a subscription lasts as long as the session it was made in, so after logging in
 * anew this browser would hear nothing. Does nothing for another account, and where push is off. Never raises.
 */
export async function keepPushUp(userId: string, signal: AbortSignal): Promise<void> {
  for (const waitMs of AGAIN_MS) {
    try {
      if ((await readPushState(userId)) !== "on" || signal.aborted) return;
      await send("POST", "/push/subscriptions", (await subscription())?.toJSON());
      return;
    } catch (error) {
      if (!(error instanceof ApiError) || !error.isPassing) return;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
  // The next page tries again; nothing that somebody waits for.
}

/** Call `heard` whenever the service worker got a message; give what ends that. */
export function onPushedNotice(heard: () => void): () => void {
  if (!("serviceWorker" in navigator)) return () => undefined;
  const listen = (event: MessageEvent<unknown>): void => {
    if (typeof event.data === "object" && event.data !== null && "type" in event.data && event.data.type === "weir-notice") heard();
  };
  navigator.serviceWorker.addEventListener("message", listen);
  return () => {
    navigator.serviceWorker.removeEventListener("message", listen);
  };
}

async function subscription(): Promise<PushSubscription | null> {
  const registration = await navigator.serviceWorker.getRegistration(WORKER);
  return (await registration?.pushManager.getSubscription()) ?? null;
}

async function subscribe(key: Uint8Array<ArrayBuffer>): Promise<PushSubscription> {
  await navigator.serviceWorker.register(WORKER, { scope: "/" });
  const { pushManager } = await navigator.serviceWorker.ready;
  const before = await pushManager.getSubscription();
  if (before !== null) {
    if (sameBytes(before.options.applicationServerKey, key)) return before;
    await before.unsubscribe(); // the site has another key than when that was made
  }
  try {
    return await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  } catch (error) {
    throw new PushServiceError("no push service", { cause: error });
  }
}

function remembered(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // storage is forbidden
  }
}

function remember(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Then it is on until the session ends.
  }
}

function forget(name: string): void {
  try {
    localStorage.removeItem(name);
  } catch {
    // It was never remembered.
  }
}
