-- Accounts, stream keys and broadcasts: what publishing needs.

create table users (
    id bigint generated always as identity primary key,
    login text not null check (login ~ '^[a-z0-9_]{3,25}$'),
    display_name text not null check (char_length(display_name) between 1 and 50),
    email text,
    password_hash text, -- argon2id; null: cannot log in with a password
    is_admin boolean not null default false,
    suspended_at timestamptz,
    created_at timestamptz not null default now()
);
create unique index users_login_key on users (lower(login));

-- A channel has its user's id: bots written for Twitch take broadcaster, room and user id for one number.
create table channels (
    id bigint primary key,
    user_id bigint not null unique references users on delete cascade check (user_id = id),
    title text not null default '' check (char_length(title) <= 140),
    language text not null default '',
    tags text[] not null default '{}' check (cardinality(tags) <= 10),
    visibility text not null default 'public' check (visibility in ('public', 'unlisted')),
    created_at timestamptz not null default now()
);

create table stream_keys (
    id bigint generated always as identity primary key,
    channel_id bigint not null references channels on delete cascade,
    label text not null default '' check (char_length(label) <= 100),
    key_hash bytea not null unique check (octet_length(key_hash) = 32), -- SHA-256
    last4 text not null check (char_length(last4) = 4),
    created_at timestamptz not null default now(),
    last_used_at timestamptz,
    revoked_at timestamptz
);
create index stream_keys_channel on stream_keys (channel_id);

-- One broadcast. It survives dropped connections of its publisher.
create table streams (
    id uuid primary key, -- UUIDv7, made by the media node
    channel_id bigint not null references channels on delete cascade,
    node text not null, -- the media node that ingests it
    title text not null, -- the channel's, when it began
    started_at timestamptz not null,
    ended_at timestamptz,
    end_reason text,
    video_codec text, -- RFC 6381
    audio_codec text,
    width integer,
    height integer,
    fps real,
    encoder text,
    reconnects integer not null default 0,
    check ((ended_at is null) = (end_reason is null))
);
create index streams_channel on streams (channel_id, started_at desc);
create index streams_live on streams (started_at desc) where ended_at is null;

-- One connection of a publisher.
create table stream_sessions (
    id uuid primary key,
    stream_id uuid not null references streams on delete cascade,
    key_id bigint references stream_keys on delete set null,
    address text not null,
    encoder text not null,
    started_at timestamptz not null,
    ended_at timestamptz,
    clean boolean, -- whether the encoder said good-bye; null while connected, and when its node died
    check (clean is null or ended_at is not null)
);
create index stream_sessions_stream on stream_sessions (stream_id);

-- Who publishes to a channel: the highest fence. Never deleted, so that the fence never falls.
create table channel_claims (
    channel_id bigint primary key references channels on delete cascade,
    fence bigint not null,
    node text not null,
    session_id uuid not null,
    claimed_at timestamptz not null
);

-- Control changes: every process hears of them at commit, whoever made them (psql included).
create function notify_control() returns trigger language plpgsql as $$
declare
    changed jsonb := case when tg_op = 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
begin
    perform pg_notify('weir_control', jsonb_build_object('table', tg_table_name, 'id', changed -> tg_argv[0])::text);
    return null;
end $$;

create trigger notify_suspended after update of suspended_at on users
    for each row when (old.suspended_at is distinct from new.suspended_at) execute function notify_control('id');
create trigger notify_revoked after update of revoked_at on stream_keys
    for each row when (old.revoked_at is distinct from new.revoked_at) execute function notify_control('id');
create trigger notify_deleted after delete on stream_keys
    for each row execute function notify_control('id');
create trigger notify_claimed after insert or update of fence on channel_claims
    for each row execute function notify_control('channel_id');
