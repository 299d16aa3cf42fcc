-- Running a site: suspended accounts, broadcasts that staff end, what happens on channels, test pictures.

-- Accounts, as their administrators look for them ---------------------------------------------------------------------------

alter table users add column suspension_reason text check (char_length(suspension_reason) <= 500);

-- Collation "C": what begins with some letters stands together whatever the locale of the server is.
create index users_order on users (lower(login) collate "C");
create index users_suspended on users (lower(login) collate "C") where suspended_at is not null;
create index users_offices on users (lower(login) collate "C") where is_admin or is_staff;
create index users_email on users (lower(email)) where email is not null;

create index audit_log_action on audit_log (action, id desc);

-- Broadcasts that somebody ended on the site ----------------------------------------------------------------------------------

-- Encoders connect again by themselves, so for a while the channel takes none of its keys.
create table stream_holds (
    channel_id bigint primary key references channels on delete cascade,
    until timestamptz not null,
    reason text not null check (char_length(reason) between 1 and 500) -- a sentence; encoders show it
);
create trigger notify_changed after insert or update on stream_holds
    for each row execute function notify_control('channel_id');

-- What happens on channels ----------------------------------------------------------------------------------------------------

-- Written by triggers, in the transaction of what happened: whoever writes a broadcast or a channel cannot forget it.
create table outbox (
    id bigint generated always as identity primary key,
    channel_id bigint not null references channels on delete cascade,
    type text not null check (type in ('stream.online', 'stream.offline', 'channel.update')), -- EventSub's
    event jsonb not null, -- EventSub's `event`
    created_at timestamptz not null default now(),
    delivered_at timestamptz -- null: nobody has passed it on yet
);
create index outbox_channel on outbox (channel_id, id desc);
create index outbox_pending on outbox (id) where delivered_at is null;
create index outbox_age on outbox (created_at);
create trigger notify_added after insert on outbox for each row execute function notify_control('id');

create function rfc3339(moment timestamptz) returns text language sql immutable as $$
    select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

create function tell_event(channel bigint, kind text, more jsonb) returns void language sql as $$
    insert into outbox (channel_id, type, event)
    select channel, kind, jsonb_build_object(
        'broadcaster_user_id', id::text, 'broadcaster_user_login', login, 'broadcaster_user_name', display_name) || more
    from users where id = channel
$$;

-- True for a broadcast that was told to have begun, so that exactly its end is told, too. A node that was cut off writes late:
-- a broadcast that is not the channel's newest any more when it is written down is not told at all.
alter table streams add column announced boolean not null default false;

create function announce_stream() returns trigger language plpgsql as $$
begin
    new.announced := new.ended_at is null and not exists (
        select from streams where channel_id = new.channel_id and ended_at is null and started_at > new.started_at
    );
    return new;
end $$;
create trigger announce before insert on streams for each row execute function announce_stream();

create function tell_online() returns trigger language plpgsql as $$
begin
    perform tell_event(new.channel_id, 'stream.online', jsonb_build_object(
        'id', new.id::text, 'type', 'live', 'started_at', rfc3339(new.started_at)));
    return null;
end $$;
create trigger tell_online after insert on streams
    for each row when (new.announced) execute function tell_online();

create function tell_offline() returns trigger language plpgsql as $$
begin
    perform tell_event(new.channel_id, 'stream.offline', jsonb_build_object(
        'id', new.id::text, 'started_at', rfc3339(new.started_at), 'ended_at', rfc3339(new.ended_at)));
    return null;
end $$;
create trigger tell_offline after update of ended_at on streams
    for each row when (new.announced and old.ended_at is null and new.ended_at is not null)
    execute function tell_offline();

create function tell_update() returns trigger language plpgsql as $$
begin
    perform tell_event(new.id, 'channel.update', jsonb_build_object(
        'title', new.title, 'language', new.language, 'category_id', coalesce(new.category_id::text, ''),
        'category_name', coalesce((select name from categories where id = new.category_id), ''),
        'content_classification_labels', to_jsonb(new.content_labels), 'tags', to_jsonb(new.tags),
        'is_mature', new.is_mature));
    return null;
end $$;
create trigger tell_update after update on channels for each row
    when ((old.title, old.language, old.category_id, old.content_labels, old.tags, old.is_mature)
        is distinct from (new.title, new.language, new.category_id, new.content_labels, new.tags, new.is_mature))
    execute function tell_update();

-- Test pictures ---------------------------------------------------------------------------------------------------------------

-- One a channel, whichever web node runs it. Its key lives as long as the row.
create table test_streams (
    channel_id bigint primary key references channels on delete cascade,
    key_id bigint not null references stream_keys on delete cascade,
    node text not null, -- the web node whose child it is
    started_at timestamptz not null default now(),
    ends_at timestamptz not null
);
create index test_streams_key on test_streams (key_id);
