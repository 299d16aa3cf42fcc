-- Moderation beyond bans: warnings, people who are watched, requests to be unbanned, and messages that moderators decide about.

-- A warning that has not been acknowledged; the log keeps those that were.
create table chat_warnings (
    channel_id bigint not null references channels on delete cascade,
    user_id bigint not null references users on delete cascade,
    moderator_id bigint references users on delete set null,
    reason text not null check (char_length(reason) between 1 and 500),
    created_at timestamptz not null default now(),
    primary key (channel_id, user_id),
    check (channel_id <> user_id)
);
create index chat_warnings_user on chat_warnings (user_id);
create index chat_warnings_moderator on chat_warnings (moderator_id) where moderator_id is not null;
create trigger notify_changed after insert or update or delete on chat_warnings
    for each row execute function notify_control('channel_id');

create table suspicious_users (
    channel_id bigint not null references channels on delete cascade,
    user_id bigint not null references users on delete cascade,
    moderator_id bigint references users on delete set null,
    status text not null check (status in ('ACTIVE_MONITORING', 'RESTRICTED')), -- Helix's words
    updated_at timestamptz not null default now(),
    primary key (channel_id, user_id),
    check (channel_id <> user_id)
);
create index suspicious_users_user on suspicious_users (user_id);
create index suspicious_users_moderator on suspicious_users (moderator_id) where moderator_id is not null;
create trigger notify_changed after insert or update or delete on suspicious_users
    for each row execute function notify_control('channel_id');

create table unban_requests (
    id uuid primary key,
    channel_id bigint not null references channels on delete cascade,
    user_id bigint not null references users on delete cascade,
    banned_at timestamptz not null, -- when the ban began that it is about: there is one request a ban
    text text not null check (char_length(text) between 1 and 500),
    status text not null default 'pending'
        check (status in ('pending', 'approved', 'denied', 'acknowledged', 'canceled')), -- Helix's words
    created_at timestamptz not null default now(),
    moderator_id bigint references users on delete set null,
    resolved_at timestamptz,
    resolution_text text not null default '' check (char_length(resolution_text) <= 500),
    unique (channel_id, user_id, banned_at),
    check ((status = 'pending') = (resolved_at is null))
);
create index unban_requests_list on unban_requests (channel_id, status, id);
create index unban_requests_user on unban_requests (user_id);
create index unban_requests_moderator on unban_requests (moderator_id) where moderator_id is not null;

-- Messages that wait for a moderator. Decided ones are kept for a day, for who comes too late to be told who decided.
create table chat_holds (
    id uuid primary key, -- the message's
    channel_id bigint not null references channels on delete cascade,
    user_id bigint not null references users on delete cascade,
    text text not null,
    held_for text not null check (held_for ~ '^[a-z_]{1,40}$'), -- what held it: 'suspicious_user', ...
    category text not null default '' check (char_length(category) <= 60),
    message bytea not null check (octet_length(message) <= 32768), -- the event, as chat encodes it
    status text not null default 'pending' check (status in ('pending', 'allowed', 'denied', 'expired', 'canceled')),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    moderator_id bigint references users on delete set null,
    decided_at timestamptz,
    released_at timestamptz, -- of an allowed one: when it was put into the room
    check ((status = 'pending') = (decided_at is null))
);
create index chat_holds_pending on chat_holds (channel_id, id) where status = 'pending';
create index chat_holds_due on chat_holds (expires_at) where status = 'pending';
create index chat_holds_unreleased on chat_holds (id) where status = 'allowed' and released_at is null;
create index chat_holds_over on chat_holds (decided_at) where decided_at is not null;
create index chat_holds_user on chat_holds (user_id);
create index chat_holds_moderator on chat_holds (moderator_id) where moderator_id is not null;
create trigger notify_allowed after update of status on chat_holds
    for each row when (new.status = 'allowed') execute function notify_control('channel_id');

-- Chat follows new colours; the connections of the person, which end with other changes of an account, go on.
create function notify_chat_color() returns trigger language plpgsql as $$
begin
    perform pg_notify('weir_control', jsonb_build_object('table', 'chat_colors', 'id', new.id)::text);
    return null;
end $$;
create trigger notify_chat_color after update of chat_color on users
    for each row when (old.chat_color is distinct from new.chat_color) execute function notify_chat_color();
