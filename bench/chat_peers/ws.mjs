// One room on `ws`: node ws.mjs PORT. Prints `ready`.

import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { answerJoin, notification } from "./frame.mjs";

const http = createServer();
const server = new WebSocketServer({ server: http, path: "/ws", perMessageDeflate: false });
const room = new Set();
server.on("connection", (socket) => {
  socket.on("message", (data) => {
    const request = JSON.parse(data);
    if (request.type === "join") {
      room.add(socket);
      socket.send(answerJoin(request));
    } else {
      const frame = Buffer.from(notification(request));
      for (const member of room) member.send(frame, { binary: false });
    }
  });
  socket.on("close", () => room.delete(socket));
  socket.on("error", () => room.delete(socket));
});
http.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 }, () => console.log("ready"));
