-- Programs of others that act for people (OAuth 2): apps, what was allowed to them, and their tokens.
-- An app is gone with its owner, a connection with the app or the user, a grant with its connection, a token with its grant:
-- whoever ends one of them ends what follows from it, and every process hears of each token.

create table oauth_apps (
    id bigint generated always as identity primary key,
    user_id bigint not null references users on delete cascade, -- who made it, and answers for it
    client_id text not null unique check (client_id ~ '^[a-z0-9]{30}$'),
    secret_hash bytea check (octet_length(secret_hash) = 32), -- null: a public client, which cannot keep one
    name text not null check (char_length(name) between 1 and 60 and name !~ '[[:cntrl:]]'),
    redirect_uris text[] not null check (cardinality(redirect_uris) <= 10),
    created_at timestamptz not null default now()
);
create index oauth_apps_user on oauth_apps (user_id, id);

-- Which app may act for whom, and in what: the consent that is remembered.
create table oauth_connections (
    id bigint generated always as identity primary key,
    user_id bigint not null references users on delete cascade,
    app_id bigint not null references oauth_apps on delete cascade,
    scopes text[] not null,
    created_at timestamptz not null default now(),
    allowed_at timestamptz not null default now(), -- when the user last said yes
    unique (user_id, app_id)
);
create index oauth_connections_app on oauth_connections (app_id);

-- One authorization: its code, and the chain of refresh tokens that the code was exchanged for.
create table oauth_grants (
    id bigint generated always as identity primary key,
    connection_id bigint not null references oauth_connections on delete cascade,
    scopes text[] not null,
    code_hash bytea not null unique check (octet_length(code_hash) = 32),
    redirect_uri text not null check (char_length(redirect_uri) <= 500), -- the one the code was sent to
    challenge text check (char_length(challenge) = 43), -- of PKCE, S256
    created_at timestamptz not null default now(),
    code_used_at timestamptz, -- kept as long as the grant: a second use ends it
    chain_hash bytea unique check (octet_length(chain_hash) = 32), -- of what all refresh tokens of the chain begin with
    turn integer not null default 0, -- how often it was refreshed: which token of the chain is the one of now
    refreshed_at timestamptz,
    check ((code_used_at is null) = (chain_hash is null)),
    check ((code_used_at is null) = (refreshed_at is null))
);
create index oauth_grants_connection on oauth_grants (connection_id, id);
create index oauth_grants_unused on oauth_grants (created_at) where code_used_at is null; -- for the clean-up
create index oauth_grants_idle on oauth_grants (refreshed_at) where refreshed_at is not null; -- for the clean-up

-- A personal token has neither app nor grant, an app's own token an app and no user, an app's token for a user all three.
alter table access_tokens
    alter column user_id drop not null,
    add column app_id bigint references oauth_apps on delete cascade,
    add column grant_id bigint references oauth_grants on delete cascade,
    add check (user_id is not null or app_id is not null),
    add check ((grant_id is not null) = (app_id is not null and user_id is not null)),
    add check (app_id is null or expires_at is not null);
create index access_tokens_app on access_tokens (app_id, id) where app_id is not null;
create index access_tokens_own on access_tokens (app_id, id) where user_id is null; -- an app's own, which are few
create index access_tokens_grant on access_tokens (grant_id, id) where grant_id is not null;
create index access_tokens_over on access_tokens (expires_at) where app_id is not null; -- for the clean-up

-- Of a token that is over nobody need hear: nobody believes in it any more, and the clean-up deletes many at once.
drop trigger notify_deleted on access_tokens;
create trigger notify_deleted after delete on access_tokens
    for each row when (old.expires_at is null or old.expires_at > now()) execute function notify_control('id');

-- A consent page that was shown to somebody; what it asked is answered once, and by nobody else.
create table oauth_forms (
    token_hash bytea primary key check (octet_length(token_hash) = 32),
    session_id bigint not null references sessions on delete cascade,
    request_hash bytea not null check (octet_length(request_hash) = 32), -- of what was asked
    expires_at timestamptz not null
);
create index oauth_forms_session on oauth_forms (session_id, expires_at);
create index oauth_forms_over on oauth_forms (expires_at); -- for the clean-up
