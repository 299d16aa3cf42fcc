-- EventSub: who is told of what happens on channels, by webhook or by WebSocket.

-- Connections of programs that are told things, or come back in a moment.
create table eventsub_sessions (
    id text primary key check (id ~ '^[a-z0-9]{20,60}$'), -- random: who knows it can have things told there
    node text not null, -- the web node that holds it
    connected_at timestamptz not null default now(),
    seen_at timestamptz not null default now(), -- by its node; later than that nobody knows
    reconnect_hash bytea unique check (octet_length(reconnect_hash) = 32) -- of what its client shows when it comes back
);
create index eventsub_sessions_seen on eventsub_sessions (seen_at);

create table eventsub_subscriptions (
    number bigint generated always as identity primary key,
    id uuid not null unique default gen_random_uuid(),
    type text not null check (type ~ '^[a-z][a-z0-9_.]{2,59}$'),
    version text not null check (char_length(version) between 1 and 10),
    condition jsonb not null,
    channel_id bigint not null, -- whose events
    side text not null default '' check (side in ('', 'from', 'to')), -- of a raid
    acting_id bigint, -- the person of the condition who may see them; null: anybody may
    standing text not null default '' check (standing in ('', 'owner', 'moderator', 'reader')), -- what that person must be there
    scopes text[] not null default '{}', -- one of which that person must have given

    -- Whose it is: an app's, a person's, or a person's who uses an app.
    app_id bigint references oauth_apps on delete cascade,
    owner_id bigint references users on delete cascade,
    token_id bigint, -- the personal token it was made with; null: on the site itself, or by an app
    check (app_id is not null or owner_id is not null),
    check (app_id is null or token_id is null),

    method text not null check (method in ('webhook', 'websocket')),
    callback text check (char_length(callback) <= 2048),
    secret text check (char_length(secret) between 10 and 100), -- what signs; so it is stored as it is
    session_id text,
    connected_at timestamptz,
    disconnected_at timestamptz,
    check ((method = 'webhook') = (callback is not null and secret is not null)),
    check ((method = 'websocket') = (session_id is not null and connected_at is not null)),

    status text not null check (status ~ '^[a-z_]{5,60}$'), -- EventSub's words
    is_active boolean generated always as (status in ('enabled', 'webhook_callback_verification_pending')) stored,
    status_at timestamptz not null default now(),
    cost integer not null check (cost between 0 and 1),
    created_at timestamptz not null default now(),

    -- Of a webhook: the challenge that is still to be put to it, or the end that it is still to be told.
    due_at timestamptz,
    tries integer not null default 0,
    failures integer not null default 0, -- since something last arrived
    failing_since timestamptz
) with (fillfactor = 80);
create unique index eventsub_subscriptions_once on eventsub_subscriptions
    (coalesce(app_id, 0), coalesce(owner_id, 0), type, version, condition, coalesce(callback, session_id)) where is_active;
create index eventsub_subscriptions_topic on eventsub_subscriptions (channel_id, type, number) where is_active;
create index eventsub_subscriptions_acting on eventsub_subscriptions (acting_id) where acting_id is not null;
create index eventsub_subscriptions_app on eventsub_subscriptions (app_id, number) where app_id is not null;
create index eventsub_subscriptions_owner on eventsub_subscriptions (owner_id, number) where owner_id is not null;
create index eventsub_subscriptions_session on eventsub_subscriptions (session_id) where session_id is not null;
create index eventsub_subscriptions_due on eventsub_subscriptions (due_at) where due_at is not null;
create index eventsub_subscriptions_over on eventsub_subscriptions (status_at) where not is_active;

create trigger notify_made after insert or delete on eventsub_subscriptions
    for each row execute function notify_control('id');
create trigger notify_changed after update on eventsub_subscriptions
    for each row when ((old.status, old.session_id) is distinct from (new.status, new.session_id))
    execute function notify_control('id');

-- Why a subscription must not go on, in EventSub's words; null: it may. The one place that says so: asked when one is made,
-- and again whenever something changed that it depends on.
create function eventsub_objection(sub eventsub_subscriptions) returns text language sql stable as $$
    select case
        when not exists (select from users where id = sub.channel_id and suspended_at is null) then 'user_removed'
        when sub.acting_id is not null
            and not exists (select from users where id = sub.acting_id and suspended_at is null) then 'user_removed'
        when sub.owner_id is not null
            and not exists (select from users where id = sub.owner_id and suspended_at is null) then 'authorization_revoked'
        when sub.app_id is not null and not exists (
            select from oauth_apps join users on users.id = oauth_apps.user_id
            where oauth_apps.id = sub.app_id and suspended_at is null) then 'authorization_revoked'
        -- A person's word to the app holds as long as one of its chains of tokens does: each single token ends soon.
        when sub.app_id is not null and coalesce(sub.acting_id, sub.owner_id) is not null and not exists (
            select from oauth_connections join oauth_grants on connection_id = oauth_connections.id
            where app_id = sub.app_id and user_id = coalesce(sub.acting_id, sub.owner_id) and code_used_at is not null
                and (cardinality(sub.scopes) = 0 or oauth_grants.scopes && sub.scopes)) then 'authorization_revoked'
        when sub.token_id is not null and not exists (
            select from access_tokens where id = sub.token_id and (expires_at is null or expires_at > now())
                and (cardinality(sub.scopes) = 0 or access_tokens.scopes && sub.scopes)) then 'authorization_revoked'
        when sub.standing = 'moderator' and sub.acting_id <> sub.channel_id and not exists (
            select from channel_roles
            where channel_id = sub.channel_id and user_id = sub.acting_id and role = 'moderator')
            then 'moderator_removed'
        when sub.standing = 'reader' and exists (
            select from chat_bans where channel_id = sub.channel_id and user_id = sub.acting_id and expires_at is null)
            then 'user_removed'
    end
$$;

-- Who is told of an account's end cannot hang on the account.
create function end_eventsub_of_user() returns trigger language plpgsql as $$
begin
    update eventsub_subscriptions set status = 'user_removed', status_at = now(), tries = 0,
        due_at = case when method = 'webhook' and status = 'enabled' then now() end
    where is_active and (channel_id = old.id or acting_id = old.id);
    return null;
end $$;
create trigger end_eventsub after delete on users for each row execute function end_eventsub_of_user();

-- Events ----------------------------------------------------------------------------------------------------------------------

-- What comes from elsewhere than a trigger may be written by several nodes; it is there once.
alter table outbox add column key text check (char_length(key) <= 100);
create unique index outbox_key on outbox (key) where key is not null;

create function is_eventsub_wanted(channel bigint, kind text) returns boolean language sql stable as $$
    select exists (select from eventsub_subscriptions where channel_id = channel and type = kind and is_active)
$$;

create function tell_follow() returns trigger language plpgsql as $$
begin
    perform tell_event(new.channel_id, 'channel.follow', jsonb_build_object(
        'user_id', id::text, 'user_login', login, 'user_name', display_name, 'followed_at', rfc3339(new.created_at)))
    from users where id = new.user_id;
    return null;
end $$;
create trigger tell_follow after insert on follows
    for each row when (is_eventsub_wanted(new.channel_id, 'channel.follow')) execute function tell_follow();

-- What moderators do, from the log: its details stand there under the names that EventSub has for them. A list of all that is
-- told: whatever else is in the log, now or later, is nobody's business but the owner's.
create function tell_deed() returns trigger language plpgsql as $$
declare
    verbs constant text[] := array['ban', 'timeout', 'unban', 'untimeout', 'clear', 'delete', 'emoteonly', 'emoteonlyoff',
        'followers', 'followersoff', 'uniquechat', 'uniquechatoff', 'slow', 'slowoff', 'subscribers', 'subscribersoff',
        'raid', 'unraid', 'mod', 'unmod', 'vip', 'unvip', 'add_blocked_term', 'add_permitted_term', 'remove_blocked_term',
        'remove_permitted_term', 'approve_unban_request', 'deny_unban_request', 'warn'];
    parts constant text[] := array['followers', 'slow', 'vip', 'unvip', 'mod', 'unmod', 'ban', 'unban', 'timeout', 'untimeout',
        'raid', 'unraid', 'delete', 'automod_terms', 'unban_request', 'warn', 'shared_chat_ban', 'shared_chat_unban',
        'shared_chat_timeout', 'shared_chat_untimeout', 'shared_chat_delete'];
    part constant text := case when new.action like '%\_term' then 'automod_terms'
        when new.action like '%\_unban\_request' then 'unban_request' else new.action end;
    event jsonb;
    about jsonb;
    whom jsonb := '{}';
begin
    if not new.action = any(verbs) then
        return null;
    end if;
    event := coalesce(
        (select jsonb_build_object(
            'moderator_user_id', id::text, 'moderator_user_login', login, 'moderator_user_name', display_name)
         from users where id = new.actor_id),
        jsonb_build_object('moderator_user_id', '', 'moderator_user_login', '', 'moderator_user_name', ''));
    if new.target_type = 'user' and new.target_id ~ '^[0-9]{1,18}$' then
        whom := coalesce((select jsonb_build_object('user_id', id::text, 'user_login', login, 'user_name', display_name)
            from users where id = new.target_id::bigint), '{}');
    end if;
    about := whom || (new.details - array['door', 'duration_s', 'text']);
    if new.action = 'delete' then
        about := jsonb_build_object('message_id', new.target_id, 'message_body', coalesce(new.details -> 'text', '""')) || about;
    end if;

    if is_eventsub_wanted(new.channel_id, 'channel.moderate') then
        perform tell_event(new.channel_id, 'channel.moderate', event
            || (select jsonb_object_agg(name, null::jsonb) from unnest(parts) as name)
            || jsonb_build_object('action', new.action, 'source_broadcaster_user_id', null,
                'source_broadcaster_user_login', null, 'source_broadcaster_user_name', null)
            || case when part = any(parts) then jsonb_build_object(part, nullif(about, '{}')) else '{}' end);
    end if;
    if new.action in ('ban', 'timeout') and is_eventsub_wanted(new.channel_id, 'channel.ban') then
        perform tell_event(new.channel_id, 'channel.ban', event || (about - 'expires_at') || jsonb_build_object(
            'reason', coalesce(about ->> 'reason', ''), 'banned_at', rfc3339(new.at),
            'ends_at', about -> 'expires_at', 'is_permanent', new.action = 'ban'));
    end if;
    if new.action in ('unban', 'untimeout') and is_eventsub_wanted(new.channel_id, 'channel.unban') then
        perform tell_event(new.channel_id, 'channel.unban', event || about);
    end if;
    return null;
end $$;
create trigger tell_deed after insert on audit_log
    for each row when (new.channel_id is not null) execute function tell_deed();
