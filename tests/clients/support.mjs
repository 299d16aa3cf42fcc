// Watchers on tmi.js and @twurple/chat, logged in as nobody. Argument: chat port. Tell which subscriptions, announcements and raids they see, as lines of JSON.
import { createRequire } from "node:module";
import { ChatClient } from "@twurple/chat";

const tmi = createRequire(import.meta.url)("tmi.js");
const [, , port] = process.argv;
const tell = (kind, fields) => console.log(JSON.stringify({ kind, ...fields }));

const one = new tmi.Client({
  connection: { server: "127.0.0.1", port: Number(port), secure: false, reconnect: false },
  channels: ["anna"],
  logger: { info() {}, warn() {}, error() {} },
});
one.on("join", (channel, login, self) => self && tell("tmi joined", {}));
one.on("subscription", (channel, name, method, text, tags) => tell("tmi sub", { name, plan: method.plan, badges: tags.badges }));
one.on("resub", (channel, name, streak, text, tags, method) =>
  tell("tmi resub", { name, streak, text, months: tags["msg-param-cumulative-months"], plan: method.plan }),
);
one.on("subgift", (channel, name, streak, recipient, method, tags) =>
  tell("tmi subgift", { name, recipient, plan: method.plan, total: tags["msg-param-sender-count"] }),
);
one.on("submysterygift", (channel, name, count, method, tags) => tell("tmi submysterygift", { name, count, plan: method.plan }));
one.on("raided", (channel, name, viewers) => tell("tmi raid", { name, viewers: Number(viewers) }));
one.on("usernotice", (kind, channel, tags, text) => tell(`tmi ${kind}`, { name: tags.login, text, color: tags["msg-param-color"] }));
one.connect();

const two = new ChatClient({
  hostName: `127.0.0.1:${port}/?`, // twurple adds a port of its own behind it, which becomes the query
  ssl: false,
  channels: ["anna"],
  logger: { minLevel: "critical" },
});
two.onJoin(() => tell("twurple joined", {}));
two.onSub((channel, user, info) => tell("twurple sub", { user, months: info.months, plan: info.plan, planName: info.planName }));
two.onResub((channel, user, info) =>
  tell("twurple resub", { user, months: info.months, streak: info.streak ?? null, plan: info.plan, message: info.message ?? null }),
);
two.onSubGift((channel, user, info) =>
  tell("twurple subgift", { user, gifter: info.gifter ?? null, gifterId: info.gifterUserId ?? null, count: info.gifterGiftCount ?? null, plan: info.plan, months: info.months, giftDuration: info.giftDuration }),
);
two.onCommunitySub((channel, user, info) =>
  tell("twurple community", { user, count: info.count, total: info.gifterGiftCount ?? null, plan: info.plan }),
);
two.onRaid((channel, user, info) => tell("twurple raid", { user, name: info.displayName, viewers: info.viewerCount }));
two.onAnnouncement((channel, user, info, message) => tell("twurple announcement", { user, color: info.color, text: message.text }));
two.connect();
