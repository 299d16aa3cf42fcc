// Moderates with tmi.js. Arguments: chat port, token of the broadcaster anna, id of a message of ben's. Prints what each
// promise came to, as one object of JSON.
const tmi = require("tmi.js");

const [, , port, token, messageId] = process.argv;
const client = new tmi.Client({
  connection: { server: "127.0.0.1", port: Number(port), secure: false, reconnect: false },
  identity: { username: "anna", password: `oauth:${token}` },
  channels: ["anna"],
  logger: { info() {}, warn() {}, error() {} },
});
// It gives a server 0.6 s, which is too little where a machine does everything at once.
client._getPromiseDelay = () => 60_000;

const acts = [
  ["deletemessage", () => client.deletemessage("anna", messageId)],
  ["timeout", () => client.timeout("anna", "ben", 60, "spam")],
  ["ban", () => client.ban("anna", "ben", "enough")],
  ["ban again", () => client.ban("anna", "ben")],
  ["mod banned", () => client.mod("anna", "ben")],
  ["unban", () => client.unban("anna", "ben")],
  ["unban again", () => client.unban("anna", "ben")],
  ["mod", () => client.mod("anna", "ben")],
  ["mod again", () => client.mod("anna", "ben")],
  ["mods", () => client.mods("anna")],
  ["unmod", () => client.unmod("anna", "ben")],
  ["unmod again", () => client.unmod("anna", "ben")],
  ["vip", () => client.vip("anna", "ben")],
  ["vips", () => client.vips("anna")],
  ["mod vip", () => client.mod("anna", "ben")],
  ["unvip", () => client.unvip("anna", "ben")],
  ["clear", () => client.clear("anna")],
  ["color", () => client.color("#12AB9F")],
  ["color wrong", () => client.color("nonsense")],
];

async function main() {
  await new Promise((joined, failed) => {
    client.on("join", (_channel, _login, self) => self && joined());
    client.connect().catch(failed);
  });
  const found = {};
  for (const [name, act] of acts) {
    found[name] = await act().then(
      (result) => ["resolved", result],
      (error) => ["rejected", String(error)],
    );
  }
  console.log(JSON.stringify(found));
  process.exit(0);
}
main();
