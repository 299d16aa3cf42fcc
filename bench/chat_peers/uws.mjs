// One room on uWebSockets, with its own topics: node uws.mjs PORT. Prints `ready`.

import { createRequire } from "node:module";
import { answerJoin, notification } from "./frame.mjs";

const require = createRequire(import.meta.url);
// The package falls back to `ws` when its binary does not load, so ask for the binary itself.
const uws = require(
  `@trufflesuite/uws-js-unofficial/binaries/uws_${process.platform}_${process.arch}_${process.versions.modules}.node`,
);
const decoder = new TextDecoder();
const app = uws.App();
app.ws("/ws", {
  compression: 0,
  idleTimeout: 960,
  maxBackpressure: 4 * 1024 * 1024,
  message: (socket, data) => {
    const request = JSON.parse(decoder.decode(data));
    if (request.type === "join") {
      socket.subscribe("room");
      socket.send(answerJoin(request));
    } else {
      app.publish("room", notification(request));
    }
  },
});
app.listen("127.0.0.1", Number(process.argv[2]), (listening) => {
  if (!listening) process.exit(1);
  console.log("ready");
});
