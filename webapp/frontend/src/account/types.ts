/** Names of the API's types that only the pages about accounts use. */

import type { Data, Schemas } from "../api/types";

export type NoticePage = Schemas["NoticePage"];
export type LoginSession = Schemas["Session"];
export type Token = Schemas["Token"];
export type Connection = Schemas["Connection"];
export type Block = Schemas["Block"];
export type NotificationSettings = Schemas["SettingsShown"];
export type Ways = Schemas["WaysShown"];
export type PushBrowser = Schemas["PushSubscription"];
export type TotpState = Schemas["TotpState"];
export type TotpOffer = Schemas["TotpOffer"];
export type RecoveryCodes = Schemas["RecoveryCodes"];
export type Export = Schemas["Export"];

/** The only one of an answer that has one. */
export function only<T>({ data }: Data<T>): T {
  const [first] = data;
  if (first === undefined) throw new Error("an empty answer");
  return first;
}
