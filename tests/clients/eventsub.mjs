// A program on @twurple/eventsub-ws. Arguments: whose token it is, by id; the token. TWURPLE_MOCK_API_PORT, the web role's port,
// is where it finds the API and the WebSocket.
import { ApiClient } from "@twurple/api";
import { StaticAuthProvider } from "@twurple/auth";
import { EventSubWsListener } from "@twurple/eventsub-ws";

const [, , user, token] = process.argv;
const tell = (kind, fields) => console.log(JSON.stringify({ kind, ...fields }));
const scopes = ["user:read:chat", "moderator:read:followers", "channel:moderate", "channel:read:subscriptions"];
const authProvider = new StaticAuthProvider("weir", token, scopes);
const apiClient = new ApiClient({ authProvider, logger: { minLevel: "critical" } });
const listener = new EventSubWsListener({ apiClient, logger: { minLevel: "critical" } });

let wanted = 0;
listener.onUserSocketReady((userId, session) => tell("ready", { session }));
listener.onUserSocketDisconnect((userId, error) => tell("disconnected", { error: String(error) }));
listener.onSubscriptionCreateSuccess((subscription) => tell("subscribed", { id: subscription.id }));
listener.onSubscriptionCreateFailure((subscription, error) => tell("failed", { id: subscription.id, error: String(error) }));
listener.onRevoke((subscription, status) => tell("revoked", { id: subscription.id, status }));
listener.onStreamOnline(user, (event) => tell("online", { login: event.broadcasterName, type: event.type }));
listener.onStreamOffline(user, (event) => tell("offline", { login: event.broadcasterName }));
listener.onChannelUpdate(user, (event) => tell("update", { title: event.streamTitle }));
listener.onChannelFollow(user, user, (event) => tell("follow", { login: event.userName }));
listener.onChannelSubscription(user, (event) => tell("subscription", { login: event.userName, tier: event.tier }));
listener.onChannelSubscriptionGift(user, (event) => tell("gift", { login: event.gifterName, amount: event.amount, tier: event.tier }));
listener.onChannelSubscriptionMessage(user, (event) => tell("resub", { login: event.userName, text: event.messageText, months: event.cumulativeMonths }));
listener.onChannelSubscriptionEnd(user, (event) => tell("subscription over", { login: event.userName }));
listener.onChannelBan(user, (event) => tell("ban", { login: event.userName, reason: event.reason, permanent: event.isPermanent, moderator: event.moderatorName }));
listener.onChannelUnban(user, (event) => tell("unban", { login: event.userName }));
listener.onChannelModerate(user, user, (event) => tell("moderate", { action: event.moderationAction, login: event.userName ?? "" }));
listener.onChannelChatMessage(user, user, (event) => tell("message", { login: event.chatterName, text: event.messageText, parts: event.messageParts.map((part) => part.type) }));
listener.onChannelChatClearUserMessages(user, user, (event) => tell("cleared", { login: event.userName }));
listener.onChannelRaidFrom(user, (event) => tell("raid", { from: event.raidingBroadcasterName, to: event.raidedBroadcasterName, viewers: event.viewers }));
listener.start();
