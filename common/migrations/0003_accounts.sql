-- Who people are: sessions, tokens for programs, links that work once, a second factor.
-- Every secret is stored as its SHA-256; rows are deleted rather than marked, so that nothing about people is kept in vain.

alter table users
    add column email_verified_at timestamptz,
    add column is_staff boolean not null default false, -- an administrator is staff too, without this
    add check (char_length(email) <= 254),
    add check (email is not null or email_verified_at is null);

-- One browser that is logged in.
create table sessions (
    id bigint generated always as identity primary key,
    user_id bigint not null references users on delete cascade,
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    address text not null check (char_length(address) <= 45), -- a network, not a host: enough to recognise one's own
    user_agent text not null check (char_length(user_agent) <= 200),
    created_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(), -- to about five minutes
    expires_at timestamptz not null
);
create index sessions_user on sessions (user_id, id);

-- What a program uses in a person's name.
create table access_tokens (
    id bigint generated always as identity primary key,
    user_id bigint not null references users on delete cascade,
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    last4 text not null check (char_length(last4) = 4),
    label text not null check (char_length(label) <= 100),
    scopes text[] not null,
    created_at timestamptz not null default now(),
    last_used_at timestamptz, -- to about five minutes
    expires_at timestamptz -- null: until it is revoked
);
create index access_tokens_user on access_tokens (user_id, id);

-- What stands in a link: it works once.
create table one_time_tokens (
    token_hash bytea primary key check (octet_length(token_hash) = 32),
    purpose text not null check (purpose in ('setup', 'invite', 'reset', 'verify')),
    user_id bigint references users on delete cascade,
    email text, -- the address that a 'verify' proves
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    check ((user_id is null) = (purpose in ('setup', 'invite'))),
    check ((email is null) = (purpose <> 'verify'))
);
create index one_time_tokens_user on one_time_tokens (user_id);

-- The second factor (RFC 6238). The secret must be known to check a code, so it cannot be stored as a hash.
create table user_totp (
    user_id bigint primary key references users on delete cascade,
    secret bytea not null check (octet_length(secret) = 20),
    confirmed_at timestamptz, -- null: offered, and not asked for yet
    last_step bigint not null default 0 -- of the newest code that was used: none works twice
);

create table recovery_codes (
    user_id bigint not null references users on delete cascade,
    code_hash bytea not null check (octet_length(code_hash) = 32),
    primary key (user_id, code_hash)
);

-- Keys that all processes of a site share, such as the one that signs cursors. Made when first needed.
create table site_secrets (
    name text primary key,
    secret bytea not null check (octet_length(secret) = 32)
);

create trigger notify_deleted after delete on sessions
    for each row execute function notify_control('id');
create trigger notify_deleted after delete on access_tokens
    for each row execute function notify_control('id');
create trigger notify_identity after update of login, display_name, is_admin, is_staff on users
    for each row when ((old.login, old.display_name, old.is_admin, old.is_staff)
        is distinct from (new.login, new.display_name, new.is_admin, new.is_staff))
    execute function notify_control('id');
create trigger notify_deleted after delete on users
    for each row execute function notify_control('id');
