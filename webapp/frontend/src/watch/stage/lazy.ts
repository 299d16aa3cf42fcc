/** Parts of the stage that most viewers never see: loaded when somebody does. */

import { lazy } from "react";

export const Gate = lazy(async () => ({ default: (await import("./rare")).Gate }));
export const MatureGate = lazy(async () => ({ default: (await import("./rare")).MatureGate }));
export const HelpDialog = lazy(async () => ({ default: (await import("./rare")).HelpDialog }));
export const Stats = lazy(async () => ({ default: (await import("./rare")).Stats }));
