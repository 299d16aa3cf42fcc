/** The commands that can be typed, as docs/moderation.md has them. What they do is said in `texts.ts`. Pure. */

export type CommandName = (typeof COMMANDS)[number]["name"];
export type For = "everybody" | "moderators" | "owners";

interface Command {
  readonly name: string;
  /** What follows it; `NAME` is completed with people. */
  readonly takes: string;
  readonly for: For;
}

export const COMMANDS = [
  { name: "me", takes: "TEXT", for: "everybody" },
  { name: "color", takes: "#RRGGBB", for: "everybody" },
  { name: "mods", takes: "", for: "everybody" },
  { name: "vips", takes: "", for: "everybody" },
  { name: "timeout", takes: "NAME [10m] [REASON]", for: "moderators" },
  { name: "ban", takes: "NAME [REASON]", for: "moderators" },
  { name: "unban", takes: "NAME", for: "moderators" },
  { name: "untimeout", takes: "NAME", for: "moderators" },
  { name: "warn", takes: "NAME REASON", for: "moderators" },
  { name: "purge", takes: "NAME [REASON]", for: "moderators" },
  { name: "delete", takes: "MESSAGE_ID", for: "moderators" },
  { name: "clear", takes: "", for: "moderators" },
  { name: "announce", takes: "TEXT", for: "moderators" },
  { name: "pin", takes: "MESSAGE_ID", for: "moderators" },
  { name: "unpin", takes: "", for: "moderators" },
  { name: "raid", takes: "NAME", for: "moderators" },
  { name: "unraid", takes: "", for: "moderators" },
  { name: "raidnow", takes: "", for: "moderators" },
  { name: "slow", takes: "[30]", for: "moderators" },
  { name: "slowoff", takes: "", for: "moderators" },
  { name: "followers", takes: "[30m]", for: "moderators" },
  { name: "followersoff", takes: "", for: "moderators" },
  { name: "subscribers", takes: "", for: "moderators" },
  { name: "subscribersoff", takes: "", for: "moderators" },
  { name: "emoteonly", takes: "", for: "moderators" },
  { name: "emoteonlyoff", takes: "", for: "moderators" },
  { name: "uniquechat", takes: "", for: "moderators" },
  { name: "uniquechatoff", takes: "", for: "moderators" },
  { name: "shield", takes: "", for: "moderators" },
  { name: "shieldoff", takes: "", for: "moderators" },
  { name: "monitor", takes: "NAME", for: "moderators" },
  { name: "restrict", takes: "NAME", for: "moderators" },
  { name: "unmonitor", takes: "NAME", for: "moderators" },
  { name: "allow", takes: "MESSAGE_ID", for: "moderators" },
  { name: "deny", takes: "MESSAGE_ID", for: "moderators" },
  { name: "mod", takes: "NAME", for: "owners" },
  { name: "unmod", takes: "NAME", for: "owners" },
  { name: "vip", takes: "NAME", for: "owners" },
  { name: "unvip", takes: "NAME", for: "owners" },
] as const satisfies readonly Command[];

/** Whether what is typed so far names somebody next: `/ban an`. */
export function takesName(name: string): boolean {
  return COMMANDS.some((command) => command.name === name && command.takes.startsWith("NAME"));
}

/** Whether what a command did is told to all moderators in the room, so that who gave it need not be told again. */
export function isToldToRoom(text: string): boolean {
  return /^[/.](ban|timeout|unban|untimeout|purge|clear)\b/i.test(text);
}
