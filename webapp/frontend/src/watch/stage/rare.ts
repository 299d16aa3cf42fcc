/** What `lazy.ts` loads, as one file. */

export { Gate } from "./Gate";
export { HelpDialog } from "./HelpDialog";
export { MatureGate } from "./MatureGate";
export { Stats } from "./Stats";
