-- What streamers see of their broadcasts as graphs, and moderators of a person; and deliveries as those see them who asked for them.

-- Graphs ----------------------------------------------------------------------------------------------------------------------

-- Finer than viewer_samples, which lasts much longer: each 10 s, and one a minute of what is some days old.
create table broadcast_samples (
    stream_id uuid not null references streams on delete cascade,
    at timestamptz not null,
    detail boolean not null, -- true but for one a minute: what the clean-up removes first
    viewers integer not null check (viewers >= 0),
    chatters integer check (chatters >= 0), -- who wrote within the minute before; null: chat is not kept
    messages bigint check (messages >= 0), -- since the broadcast began, so that nothing is lost with a sample; null as above
    primary key (stream_id, at)
);
create index broadcast_samples_at on broadcast_samples (at); -- for the clean-up
create index broadcast_samples_detail on broadcast_samples (at) where detail;

-- What stays of a broadcast that is over, beside peak and average of viewers.
alter table streams
    add column message_count bigint, -- null until it has ended, and where chat is not kept
    add column new_followers integer; -- who began to follow meanwhile, and did so still at its end; null until then

create function sum_up_broadcast() returns trigger language plpgsql as $$
declare
    last record;
begin
    new.new_followers := (select count(*) from follows
        where channel_id = new.channel_id and created_at >= new.started_at and created_at <= new.ended_at);
    select at, messages into last from broadcast_samples where stream_id = new.id order by at desc limit 1;
    -- And what was written since; a node that died may have ended its broadcast long after.
    new.message_count := last.messages + (select count(*) from chat_messages
        where channel_id = new.channel_id and id >= uuid7_floor(last.at)
            and id < uuid7_floor(least(new.ended_at, last.at + interval '1 minute')));
    return new;
end $$;
create trigger sum_up before update of ended_at on streams
    for each row when (old.ended_at is null and new.ended_at is not null) execute function sum_up_broadcast();

-- The last time that an encoder was sent away from a channel, with the sentence it was told. One row a channel.
create table ingest_refusals (
    channel_id bigint primary key references channels on delete cascade,
    at timestamptz not null,
    description text not null check (char_length(description) between 1 and 500),
    encoder text not null default '' check (char_length(encoder) <= 100)
);

-- People, as moderators see them ----------------------------------------------------------------------------------------------

create table moderation_notes (
    channel_id bigint not null references channels on delete cascade,
    user_id bigint not null references users on delete cascade, -- whom it is about
    text text not null check (char_length(text) between 1 and 2000),
    version bigint not null default 1, -- one more with each change: who changes an older one is told so
    updated_by bigint references users on delete set null,
    updated_at timestamptz not null default now(),
    primary key (channel_id, user_id)
);
create index moderation_notes_user on moderation_notes (user_id);
create index moderation_notes_updated_by on moderation_notes (updated_by) where updated_by is not null;

-- Whom a deed in a channel was about: its target, or whose message it was.
create function deed_about(target_type text, target_id text, details jsonb) returns text language sql immutable as $$
    select case when target_type = 'user' then target_id else details ->> 'user_id' end
$$;
create index audit_log_about on audit_log (channel_id, deed_about(target_type, target_id, details), id desc)
    where channel_id is not null and deed_about(target_type, target_id, details) is not null;

-- What happened on a channel, the newest first --------------------------------------------------------------------------------

create index subscription_events_feed on subscription_events (channel_id, at desc, id desc)
    where channel_id is not null and kind in ('begun', 'given', 'shared');
create index raids_arrived on raids (to_channel_id, ended_at desc, id desc) where status = 'gone';

-- Deliveries ------------------------------------------------------------------------------------------------------------------

create index deliveries_webhook on deliveries (target, id desc) where kind = 'webhook'; -- the log of one webhook
-- What was given up may be sent again by hand, however long ago it happened.
alter table deliveries add column resent_at timestamptz;
