// A bot on @twurple/chat. Arguments: chat port, token. Needs TWURPLE_MOCK_API_PORT, the web role's port, to log in.
import readline from "node:readline";
import { StaticAuthProvider } from "@twurple/auth";
import { ChatClient } from "@twurple/chat";

const [, , port, token] = process.argv;
const tell = (kind, fields) => console.log(JSON.stringify({ kind, ...fields }));
const client = new ChatClient({
  authProvider: new StaticAuthProvider("weir", token, ["chat:read", "chat:edit"]),
  hostName: `127.0.0.1:${port}/?`, // twurple adds a port of its own behind it, which becomes the query
  ssl: false,
  channels: ["anna"],
  logger: { minLevel: "critical" },
});
client.onMessage((channel, login, text, message) =>
  tell("message", { channel, login, text, id: message.id, userId: message.userInfo.userId }),
);
client.onAction((channel, login, text) => tell("action", { channel, login, text }));
client.onTimeout((channel, login, seconds) => tell("timeout", { channel, login, seconds }));
client.onSlow((channel, enabled, seconds) => tell("mode", { mode: "slow", enabled, value: seconds ?? null }));
client.onFollowersOnly((channel, enabled, minutes) => tell("mode", { mode: "followers", enabled, value: minutes ?? null }));
client.onSubsOnly((channel, enabled) => tell("mode", { mode: "subscribers", enabled }));
client.onEmoteOnly((channel, enabled) => tell("mode", { mode: "emoteonly", enabled }));
client.onUniqueChat((channel, enabled) => tell("mode", { mode: "uniquechat", enabled }));
client.onMessageFailed((channel, reason) => tell("refused", { channel, reason }));
client.onMessageRatelimit((channel, text) => tell("refused", { channel, reason: "msg_ratelimit", text }));
client.onJoin((channel, login) => tell("joined", { channel, login }));
client.onJoinFailure((channel, reason) => tell("failed", { act: "join", channel, error: reason }));
client.onAuthenticationFailure((error) => tell("failed", { act: "login", error }));
client.onDisconnect((manually) => tell("disconnected", { manually }));

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const { act, argument } = JSON.parse(line);
  if (act === "say") client.say("anna", argument).then(() => tell("done", { act }), (error) => tell("failed", { act, error: String(error) }));
});
client.connect();
