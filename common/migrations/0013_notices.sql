-- What happens on channels is passed on: deliveries to push services, mail boxes and webhooks; notices that people find on the site.

-- Events that wait ------------------------------------------------------------------------------------------------------------

-- By the name of what makes deliveries of an event (webapp/deliveries.py, Expander): the last key that it has seen to, or null
-- when it has seen to all. A worker that dies leaves an event of which exactly that much is done.
alter table outbox add column progress jsonb not null default '{}';

-- Types grow with what the site can do; the code knows them.
alter table outbox drop constraint outbox_type_check;
alter table outbox add constraint outbox_type_check check (type ~ '^[a-z][a-z0-9_.]{2,59}$');

update outbox set delivered_at = now() where delivered_at is null; -- there was nobody to pass them on to

-- Deliveries ------------------------------------------------------------------------------------------------------------------

create table deliveries (
    id bigint generated always as identity primary key,
    event_id bigint not null, -- in the outbox; no foreign key: an event with a hundred thousand of these is deleted at once
    kind text not null check (kind ~ '^[a-z][a-z_:]{0,39}$'), -- who delivers: 'push', 'mail', 'webhook'
    target text not null check (char_length(target) between 1 and 100), -- a key in the table of that kind
    message_id uuid not null default gen_random_uuid(), -- the same at every try, so that receivers know a repeat
    created_at timestamptz not null default now(),
    due_at timestamptz not null default now(), -- when to try; while somebody tries: when they are thought to be dead
    attempts integer not null default 0,
    finished_at timestamptz, -- null: to be done
    outcome text check (outcome in ('sent', 'skipped', 'gone', 'dead')),
    last_error text check (char_length(last_error) <= 300),
    unique (event_id, kind, target),
    check ((finished_at is null) = (outcome is null))
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
create index deliveries_due on deliveries (kind, due_at) where finished_at is null;
create index deliveries_finished on deliveries (finished_at) where finished_at is not null;
create index deliveries_dead on deliveries (id desc) where outcome = 'dead';

create function notify_deliveries() returns trigger language plpgsql as $$
begin
    if exists (select from added) then
        perform pg_notify('weir_control', '{"table": "deliveries", "id": 0}'); -- one for any number of rows
    end if;
    return null;
end $$;
create trigger notify_added after insert on deliveries referencing new table as added
    for each statement execute function notify_deliveries();

-- Notices ---------------------------------------------------------------------------------------------------------------------

-- Those who want to be told, in the order in which they are.
create index follows_told on follows (channel_id, user_id) where notify;

-- So that a broadcast that begins again and again is not told each time.
alter table streams add column told_at timestamptz; -- when the first followers were told of it; null: none were

-- What somebody was told. One for a user and an event, whose number it bears, so that it is written once.
create table notices (
    user_id bigint not null references users on delete cascade,
    id bigint not null,
    type text not null check (type ~ '^[a-z][a-z0-9_.]{2,59}$'),
    channel_id bigint not null, -- no foreign key, as above; the notice is shown as long as there is the channel
    details jsonb not null default '{}',
    created_at timestamptz not null default now(),
    read_at timestamptz,
    primary key (user_id, id)
);
create index notices_unread on notices (user_id) where read_at is null;
create index notices_age on notices (created_at);

-- Who has no row has the defaults.
create table notification_settings (
    user_id bigint primary key references users on delete cascade,
    live_site boolean not null default true,
    live_push boolean not null default true,
    live_mail boolean not null default false, -- nobody gets e-mail who did not ask for it
    personal_site boolean not null default true,
    personal_push boolean not null default true,
    personal_mail boolean not null default false
);

-- Browsers that take Web Push, as long as the session lasts in which they asked for it.
create table push_subscriptions (
    id bigint generated always as identity primary key,
    user_id bigint not null references users on delete cascade,
    session_id bigint not null references sessions on delete cascade,
    endpoint text not null check (char_length(endpoint) <= 2000), -- a secret: who knows it can disturb its owner
    endpoint_hash bytea not null unique check (octet_length(endpoint_hash) = 32),
    p256dh bytea not null check (octet_length(p256dh) = 65),
    auth bytea not null check (octet_length(auth) = 16),
    created_at timestamptz not null default now()
);
create index push_subscriptions_user on push_subscriptions (user_id, id);
create index push_subscriptions_session on push_subscriptions (session_id);
