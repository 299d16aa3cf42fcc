// A bot on tmi.js. Arguments: chat port, token, login (tmi_bot without it). Tells what it sees as lines of JSON, and says what it reads.
const readline = require("node:readline");
const tmi = require("tmi.js");

const [, , port, token, login = "tmi_bot"] = process.argv;
const tell = (kind, fields) => console.log(JSON.stringify({ kind, ...fields }));
const client = new tmi.Client({
  connection: { server: "127.0.0.1", port: Number(port), secure: false, reconnect: false },
  identity: { username: login, password: `oauth:${token}` },
  channels: ["anna"],
  logger: { info() {}, warn() {}, error() {} },
});
client.on("message", (channel, tags, text, self) =>
  tell("message", { channel, login: tags.username, text, self, id: tags.id, badges: tags.badges, emotes: tags.emotes }),
);
client.on("timeout", (channel, login, _reason, seconds) => tell("timeout", { channel, login, seconds }));
client.on("notice", (channel, id, text) => tell("notice", { channel, id, text }));
client.on("automod", (channel, id, text) => tell("notice", { channel, id, text }));
client.on("join", (channel, login, self) => self && tell("joined", { channel, login }));
client.on("disconnected", (reason) => tell("disconnected", { reason }));

const acts = {
  say: (text) => client.say("anna", text),
  action: (text) => client.action("anna", text),
  timeout: (login) => client.timeout("anna", login, 60, "spam"),
  unban: (login) => client.unban("anna", login),
  ping: () => client.ping(),
  slow: (seconds) => client.slow("anna", seconds),
  slowoff: () => client.slowoff("anna"),
  followers: (minutes) => client.followersonly("anna", minutes),
  followersoff: () => client.followersonlyoff("anna"),
  subscribers: () => client.subscribers("anna"),
  subscribersoff: () => client.subscribersoff("anna"),
  emoteonly: () => client.emoteonly("anna"),
  emoteonlyoff: () => client.emoteonlyoff("anna"),
  r9kbeta: () => client.r9kbeta("anna"),
  r9kbetaoff: () => client.r9kbetaoff("anna"),
};
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const { act, argument } = JSON.parse(line);
  acts[act](argument).then(
    (result) => tell("done", { act, result }),
    (error) => tell("failed", { act, error: String(error) }),
  );
});
client.connect().catch((error) => tell("failed", { act: "connect", error: String(error) }));
