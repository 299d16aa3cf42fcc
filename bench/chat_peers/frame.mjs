// What both servers for Node.js say: the same envelope as weir's, so that each sends as many bytes.

let number = 0;

export function answerJoin(request) {
  return JSON.stringify({
    metadata: { message_id: `a-${++number}`, message_type: "response" },
    payload: { request_id: request.id, ok: true },
  });
}

export function notification(request) {
  const id = `019ab3c4-0000-7000-8000-${String(++number).padStart(12, "0")}`;
  const now = new Date().toISOString();
  return JSON.stringify({
    metadata: {
      message_id: `1-0011223344556677-${number}`,
      message_type: "notification",
      message_timestamp: now,
      subscription_type: "channel.chat.message",
    },
    payload: {
      subscription: { type: "channel.chat.message", version: "1", condition: { broadcaster_user_id: "1" } },
      event: {
        broadcaster_user_id: "1",
        broadcaster_user_login: "bench",
        chatter_user_id: "12",
        chatter_user_login: "bencher10",
        chatter_user_name: "bencher10",
        color: "",
        badges: [{ set_id: "moderator", id: "1", info: "" }],
        roles: ["moderator"],
        message_id: id,
        message: { text: request.text, fragments: [{ type: "text", text: request.text, emote: null, mention: null }] },
        message_type: "text",
        is_first: false,
        nonce: "",
        reply: null,
      },
      epoch: "0011223344556677",
      offset: number,
    },
  });
}
