"""All that is stored about one account, for its owner to take along."""

from typing import Any

import msgspec

from common.db import Executor


async def select_account_export(db: Executor, user_id: int) -> dict[str, list[dict[str, Any]]]:
    """Give the rows about an account by table, without what proves anything (hashes, the second factor's secret)."""
    text: str = await db.fetchval(
        """
        select jsonb_build_object(
            'users', (select coalesce(jsonb_agg(to_jsonb(users) - 'password_hash'), '[]')
                from users where id = $1),
            'channels', (select coalesce(jsonb_agg(to_jsonb(channels) - 'password_hash'), '[]')
                from channels where id = $1),
            'stream_keys', (select coalesce(jsonb_agg(to_jsonb(stream_keys) - 'key_hash' order by id), '[]')
                from stream_keys where channel_id = $1),
            'streams', (select coalesce(jsonb_agg(to_jsonb(streams) - 'node' order by id), '[]')
                from streams where channel_id = $1),
            'sessions', (select coalesce(jsonb_agg(to_jsonb(sessions) - 'token_hash' order by id), '[]')
                from sessions where user_id = $1),
            'access_tokens', (select coalesce(jsonb_agg(to_jsonb(access_tokens) - 'token_hash' order by id), '[]')
                from access_tokens where user_id = $1),
            'oauth_apps', (select coalesce(jsonb_agg(to_jsonb(oauth_apps) - 'secret_hash' order by id), '[]')
                from oauth_apps where user_id = $1),
            'oauth_connections', (select coalesce(jsonb_agg(to_jsonb(oauth_connections)
                || jsonb_build_object('client_id', client_id, 'app', name) order by oauth_connections.id), '[]')
                from oauth_connections join oauth_apps on oauth_apps.id = app_id where oauth_connections.user_id = $1),
            'oauth_grants', (select coalesce(jsonb_agg(to_jsonb(oauth_grants)
                - 'code_hash' - 'chain_hash' - 'challenge' order by oauth_grants.id), '[]')
                from oauth_grants join oauth_connections on oauth_connections.id = connection_id where user_id = $1),
            'chat_settings', (select coalesce(jsonb_agg(to_jsonb(chat_settings)), '[]')
                from chat_settings where channel_id = $1),
            'channel_roles', (select coalesce(jsonb_agg(to_jsonb(channel_roles)), '[]')
                from channel_roles where user_id = $1),
            'follows', (select coalesce(jsonb_agg(to_jsonb(follows)), '[]') from follows where user_id = $1),
            'blocks', (select coalesce(jsonb_agg(to_jsonb(blocks)), '[]') from blocks where user_id = $1),
            'outbox', (select coalesce(jsonb_agg(to_jsonb(outbox) - 'delivered_at' order by id), '[]')
                from outbox where channel_id = $1 and type <> 'user.notice'), -- those are about somebody else
            'notices', (select coalesce(jsonb_agg(to_jsonb(notices) order by id), '[]')
                from notices where user_id = $1),
            'notification_settings', (select coalesce(jsonb_agg(to_jsonb(notification_settings)), '[]')
                from notification_settings where user_id = $1),
            'push_subscriptions', (select coalesce(jsonb_agg(to_jsonb(push_subscriptions)
                - 'endpoint' - 'endpoint_hash' - 'p256dh' - 'auth' order by id), '[]')
                from push_subscriptions where user_id = $1),
            'emotes', (select coalesce(jsonb_agg(to_jsonb(emotes) - 'reviewed_by' order by id), '[]')
                from emotes where channel_id = $1),
            'emotes_uploaded', (select coalesce(jsonb_agg(to_jsonb(emotes) - 'reviewed_by' order by id), '[]')
                from emotes where created_by = $1 and channel_id is distinct from $1),
            'emote_prefixes', (select coalesce(jsonb_agg(to_jsonb(emote_prefixes)), '[]')
                from emote_prefixes where channel_id = $1),
            'channel_badges', (select coalesce(jsonb_agg(to_jsonb(channel_badges) - 'reviewed_by' order by months), '[]')
                from channel_badges where channel_id = $1),
            'subscriptions', (select coalesce(jsonb_agg(to_jsonb(subscriptions) order by channel_id), '[]')
                from subscriptions where user_id = $1),
            'subscription_terms', (select coalesce(jsonb_agg(to_jsonb(subscription_terms) - 'order_id' order by id), '[]')
                from subscription_terms where user_id = $1),
            'subscription_orders', (select coalesce(jsonb_agg(to_jsonb(subscription_orders)
                - 'session_url' - 'owed' - 'owed_amount' - 'owed_at' - 'owed_tries' order by id), '[]')
                from subscription_orders where buyer_id = $1),
            'subscription_events', (select coalesce(jsonb_agg(to_jsonb(subscription_events) - 'order_id' order by id), '[]')
                from subscription_events where user_id = $1 or actor_id = $1),
            'chat_blocked_terms', (select coalesce(jsonb_agg(to_jsonb(chat_blocked_terms) - 'moderator_id' order by id), '[]')
                from chat_blocked_terms where channel_id = $1),
            'chat_bans', (select coalesce(jsonb_agg(to_jsonb(chat_bans) - 'moderator_id'), '[]')
                from chat_bans where user_id = $1),
            'chat_warnings', (select coalesce(jsonb_agg(to_jsonb(chat_warnings) - 'moderator_id'), '[]')
                from chat_warnings where user_id = $1),
            'suspicious_users', (select coalesce(jsonb_agg(to_jsonb(suspicious_users) - 'moderator_id'), '[]')
                from suspicious_users where user_id = $1),
            'moderation_notes', (select coalesce(jsonb_agg(to_jsonb(moderation_notes) - 'updated_by'), '[]')
                from moderation_notes where user_id = $1),
            'ingest_refusals', (select coalesce(jsonb_agg(to_jsonb(ingest_refusals)), '[]')
                from ingest_refusals where channel_id = $1),
            'unban_requests', (select coalesce(jsonb_agg(to_jsonb(unban_requests) - 'moderator_id' order by id), '[]')
                from unban_requests where user_id = $1),
            'chat_holds', (select coalesce(jsonb_agg(to_jsonb(chat_holds) - 'moderator_id' - 'message' order by id), '[]')
                from chat_holds where user_id = $1),
            'chat_messages', (select coalesce(jsonb_agg(jsonb_build_object(
                    'id', id, 'channel_id', channel_id, 'said_at', said_at, 'text', text) order by id), '[]')
                from (select * from chat_messages where user_id = $1 order by id desc limit 100000) as said),
            'eventsub_subscriptions', (select coalesce(jsonb_agg(to_jsonb(eventsub_subscriptions)
                - 'secret' - 'session_id' - 'is_active' order by number), '[]')
                from eventsub_subscriptions where owner_id = $1),
            'chat_pins', (select coalesce(jsonb_agg(to_jsonb(chat_pins) - 'pinned_by'), '[]')
                from chat_pins where user_id = $1),
            'polls', (select coalesce(jsonb_agg(to_jsonb(polls) - 'created_by' order by id), '[]')
                from polls where channel_id = $1),
            'poll_votes', (select coalesce(jsonb_agg(to_jsonb(poll_votes)), '[]') from poll_votes where user_id = $1),
            'raids', (select coalesce(jsonb_agg(to_jsonb(raids) - 'created_by' order by id), '[]')
                from raids where from_channel_id = $1),
            'reports', (select coalesce(jsonb_agg(to_jsonb(reports) - 'handled_by' - 'note'), '[]')
                from reports where reporter_id = $1)
        )::text
        """,
        user_id,
    )
    return msgspec.json.decode(text, type=dict[str, list[dict[str, Any]]])
