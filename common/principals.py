"""Who asks, as every role knows them: a person or a program, and what it was allowed. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

SCOPES = {
    "channel:manage:broadcast": "Change the title, category and tags of your channel",
    "channel:manage:emotes": "Upload, rename and delete emotes and badges of your channel",
    "channel:manage:moderators": "Choose the moderators of your channel",
    "channel:manage:polls": "Begin and end polls where you moderate",
    "channel:manage:raids": "Lead viewers to other channels where you moderate",
    "channel:manage:stream_key": "Make and revoke stream keys",
    "channel:manage:subscriptions": "Give subscriptions to your channel, and take them back",
    "channel:manage:vips": "Choose the VIPs of your channel",
    "channel:moderate": "Hear of what moderators do in your channel, and where you moderate",
    "channel:read:analytics": "See viewers and health of your broadcasts",
    "channel:read:editors": "See who edits your channel",
    "channel:read:polls": "See polls where you moderate",
    "channel:read:stream_key": "See which stream keys there are",
    "channel:read:subscriptions": "See who subscribes to your channel",
    "channel:read:vips": "See the VIPs of your channel",
    "chat:edit": "Write in chat (IRC)",
    "chat:read": "Read chat (IRC)",
    "moderation:read": "See bans and moderators of your channel",
    "moderator:manage:announcements": "Announce things in chat where you moderate",
    "moderator:manage:automod": "Decide about held messages where you moderate",
    "moderator:manage:banned_users": "Ban and time out where you moderate",
    "moderator:manage:blocked_terms": "Choose which terms are blocked where you moderate",
    "moderator:manage:chat_messages": "Delete messages where you moderate",
    "moderator:manage:chat_settings": "Change chat settings where you moderate",
    "moderator:manage:shield_mode": "Raise and lower the shield where you moderate",
    "moderator:manage:suspicious_users": "Watch and restrict people where you moderate",
    "moderator:manage:unban_requests": "Answer requests to be unbanned where you moderate",
    "moderator:manage:warnings": "Warn people where you moderate",
    "moderator:read:blocked_terms": "See which terms are blocked where you moderate",
    "moderator:read:chat_messages": "Look through what was said where you moderate",
    "moderator:read:chat_settings": "See all chat settings where you moderate",
    "moderator:read:followers": "See who follows where you moderate",
    "moderator:read:shield_mode": "See the shield where you moderate",
    "moderator:read:suspicious_users": "See who is watched where you moderate",
    "moderator:read:unban_requests": "See who asks to be unbanned where you moderate",
    "user:edit": "Change how your name is written, and what you say of yourself",
    "user:manage:blocked_users": "Block and unblock people",
    "user:manage:follows": "Follow and unfollow channels",
    "user:read:blocked_users": "See whom you have blocked",
    "user:read:chat": "Read chat",
    "user:read:email": "See your e-mail address",
    "user:read:emotes": "See which emotes you may use",
    "user:read:follows": "See which channels you follow",
    "user:read:moderated_channels": "See where you are editor, moderator or VIP",
    "user:read:subscriptions": "See whom you subscribe to",
    "user:write:chat": "Write in chat",
}
"""Names after Twitch's, and what each lets a program do, as its user is told."""

Kind = Literal["anonymous", "session", "token"]
SiteRole = Literal["", "staff", "admin"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a request comes from, and what it was made with."""

    kind: Kind = "anonymous"
    user_id: int | None = None
    """`None`: nobody in particular, or an app in its own name (`client_id`)."""
    login: str = ""
    display_name: str = ""
    site_role: SiteRole = ""
    scopes: frozenset[str] = frozenset()
    """Of a token. A session may do all that its user may."""
    credential_id: int | None = None
    """Of the session or the token."""
    expires_at: datetime | None = None
    client_id: str = ""
    """Of the app that acts, for somebody or in its own name; '': a person, or a program with a personal token."""

    def has_scope(self, scope: str) -> bool:
        """Say whether what the request was made with stretches to `scope`."""
        return self.kind == "session" or scope in self.scopes


ANONYMOUS = Principal()
