-- Chat history: what was said. Kept by day, so that a day goes at once when it is too old.

-- A UUIDv7 begins with the time, so its order is that of time: the first that can have been made at a moment.
create function uuid7_floor(moment timestamptz) returns uuid language sql immutable strict as $$
    select rpad(lpad(to_hex(floor(extract(epoch from moment) * 1000)::bigint), 12, '0'), 32, '0')::uuid
$$;

-- No foreign keys: each message would pay for two of them, and an account with a million messages could not be deleted at
-- once. Who reads joins the users, so that nothing is shown of one who is gone; `chat_departures` says what is to be removed.
create table chat_messages (
    id uuid primary key, -- UUIDv7, made when it was written; nothing is in here twice
    channel_id bigint not null,
    user_id bigint not null,
    said_at timestamptz not null, -- later than the id where moderators decided about it first
    text text not null,
    is_action boolean not null default false,
    color text not null default '',
    details jsonb, -- badges, fragments and what it answers, as far as there is any; null: nothing
    grams integer[] not null -- of its words, in its channel; made by common/message_grams.py
) partition by range (id);
create index chat_messages_channel on chat_messages (channel_id, id);
create index chat_messages_user on chat_messages (user_id, channel_id, id);
create index chat_messages_grams on chat_messages using gin (grams) with (fastupdate = off);

-- What belongs to no day that was made: of a clock that is wrong, or of a site whose upkeep did not run.
create table chat_messages_default partition of chat_messages default;

create function make_chat_day(day date) returns boolean language plpgsql as $$
declare
    name constant text := 'chat_messages_' || to_char(day, 'YYYYMMDD');
    low constant uuid := uuid7_floor(day::timestamp at time zone 'UTC');
    high constant uuid := uuid7_floor((day + 1)::timestamp at time zone 'UTC');
begin
    if to_regclass(name) is not null then
        return false;
    end if;
    perform set_config('lock_timeout', '2s', true); -- others wait behind us while we wait
    lock table chat_messages_default in access exclusive mode;
    execute format('create table %I (like chat_messages including all)', name);
    execute format('with moved as (delete from chat_messages_default where id >= %L and id < %L returning *)'
        ' insert into %I select * from moved', low, high, name);
    execute format('alter table chat_messages attach partition %I for values from (%L) to (%L)', name, low, high);
    return true;
end $$;

-- Drops the oldest day that is over before `before`; null when there is none.
create function drop_chat_day(before date) returns text language plpgsql as $$
declare
    name text;
begin
    select relname into name
    from pg_catalog.pg_inherits join pg_catalog.pg_class on pg_class.oid = inhrelid
    where inhparent = 'chat_messages'::regclass and relname ~ '^chat_messages_[0-9]{8}$'
        and relname < 'chat_messages_' || to_char(before, 'YYYYMMDD')
    order by relname limit 1;
    if name is not null then
        perform set_config('lock_timeout', '2s', true);
        execute format('drop table %I', name);
    end if;
    return name;
end $$;

-- What moderators took away, from the log, however they did it. A mark beside the messages and not on them: a message may be
-- written down a moment after it was taken away, and thousands go at once.
create table chat_erasures (
    id uuid primary key, -- of the deed
    channel_id bigint not null references channels on delete cascade,
    user_id bigint not null default 0, -- whose messages; 0: everybody's
    message_id uuid, -- which one; null: all of the day before
    moderator_id bigint references users on delete set null,
    erased_at timestamptz not null
);
create index chat_erasures_message on chat_erasures (message_id) where message_id is not null;
create index chat_erasures_people on chat_erasures (channel_id, user_id, erased_at) where message_id is null;
create index chat_erasures_moderator on chat_erasures (moderator_id) where moderator_id is not null;
create index chat_erasures_age on chat_erasures (erased_at);

create function note_erasure() returns trigger language plpgsql as $$
declare
    whom constant text := coalesce(new.details ->> 'user_id', case when new.target_type = 'user' then new.target_id end, '');
begin
    if new.action = 'delete' and coalesce(new.target_id, '') !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
        or new.action in ('ban', 'timeout', 'clear_user') and whom !~ '^[0-9]{1,18}$' then
        return null;
    end if;
    insert into chat_erasures (id, channel_id, user_id, message_id, moderator_id, erased_at)
    select new.id, channels.id, case when new.action in ('clear', 'delete') then 0 else whom::bigint end,
        case when new.action = 'delete' then new.target_id::uuid end,
        (select users.id from users where users.id = new.actor_id), new.at
    from channels where channels.id = new.channel_id;
    return null;
end $$;
create trigger note_erasure after insert on audit_log
    for each row when (new.channel_id is not null and new.action in ('ban', 'timeout', 'clear_user', 'clear', 'delete'))
    execute function note_erasure();

-- Accounts that are gone and whose messages, and whose channel's, are still to be removed.
create table chat_departures (
    user_id bigint primary key,
    departed_at timestamptz not null default now()
);
create function note_departure() returns trigger language plpgsql as $$
begin
    insert into chat_departures (user_id) values (old.id) on conflict do nothing;
    return null;
end $$;
create trigger note_departure after delete on users for each row execute function note_departure();

-- How a message was taken away, if it was: itself, or with what its author or everybody had said in the day before.
create function chat_erasure(channel bigint, author bigint, message uuid, said timestamptz)
returns table (erased_at timestamptz, moderator_id bigint) language sql stable rows 1 as $$
    select first.erased_at, first.moderator_id from (
        (select one.erased_at, one.moderator_id from chat_erasures as one
            where one.message_id = message and one.channel_id = channel order by one.erased_at limit 1)
        union all
        (select one.erased_at, one.moderator_id from chat_erasures as one
            where one.channel_id = channel and one.user_id = author and one.message_id is null
                and one.erased_at >= said and one.erased_at < said + interval '1 day' order by one.erased_at limit 1)
        union all
        (select one.erased_at, one.moderator_id from chat_erasures as one
            where one.channel_id = channel and one.user_id = 0 and one.message_id is null
                and one.erased_at >= said and one.erased_at < said + interval '1 day' order by one.erased_at limit 1)
    ) as first order by first.erased_at limit 1
$$;
