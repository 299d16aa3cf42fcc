-- What a room shows beside its talk: a message that is pinned, a poll, and a raid: its viewers are led to another channel.

-- The pinned message as it was said, so that it outlives the room's memory.
create table chat_pins (
    channel_id bigint primary key references channels on delete cascade,
    version uuid not null default gen_random_uuid(), -- another one with each change, so that a change is told once
    message_id uuid not null,
    user_id bigint not null references users on delete cascade, -- who wrote it
    text text not null check (char_length(text) between 1 and 2000),
    pinned_by bigint references users on delete set null,
    pinned_at timestamptz not null default now(),
    ends_at timestamptz -- null: until somebody takes it down
);
create index chat_pins_user on chat_pins (user_id);
create index chat_pins_pinned_by on chat_pins (pinned_by) where pinned_by is not null;
create trigger notify_changed after insert or update or delete on chat_pins
    for each row execute function notify_control('channel_id');

-- What was taken away must not stay on the wall, however it was done.
create function unpin_erased() returns trigger language plpgsql as $$
begin
    delete from chat_pins where channel_id = new.channel_id and case new.action
        when 'clear' then true
        when 'delete' then message_id::text = new.target_id
        else user_id::text = coalesce(new.details ->> 'user_id', new.target_id) end;
    return null;
end $$;
create trigger unpin_erased after insert on audit_log
    for each row when (new.channel_id is not null and new.action in ('ban', 'timeout', 'clear_user', 'clear', 'delete'))
    execute function unpin_erased();

create table polls (
    id uuid primary key, -- UUIDv7
    channel_id bigint not null references channels on delete cascade,
    created_by bigint references users on delete set null,
    title text not null check (char_length(title) between 1 and 60),
    status text not null default 'ACTIVE' check (status in ('ACTIVE', 'COMPLETED', 'TERMINATED', 'ARCHIVED')), -- Helix's words
    started_at timestamptz not null default now(),
    ends_at timestamptz not null,
    ended_at timestamptz,
    check ((status = 'ACTIVE') = (ended_at is null))
);
create unique index polls_active on polls (channel_id) where status = 'ACTIVE';
create index polls_channel on polls (channel_id, id desc);
create index polls_due on polls (ends_at) where status = 'ACTIVE';
create index polls_over on polls (ended_at) where ended_at is not null; -- for the clean-up
create index polls_created_by on polls (created_by) where created_by is not null;
create trigger notify_changed after insert or update on polls
    for each row execute function notify_control('channel_id');

create table poll_choices (
    poll_id uuid not null references polls on delete cascade,
    choice smallint not null check (choice between 1 and 5),
    title text not null check (char_length(title) between 1 and 25),
    votes integer not null default 0 check (votes >= 0), -- counted with each vote; those of accounts that are gone stay
    primary key (poll_id, choice)
);
create table poll_votes (
    poll_id uuid not null,
    user_id bigint not null references users on delete cascade,
    choice smallint not null,
    voted_at timestamptz not null default now(),
    primary key (poll_id, user_id), -- one each, whatever node it came to
    foreign key (poll_id, choice) references poll_choices on delete cascade
);
create index poll_votes_user on poll_votes (user_id);
create index poll_votes_choice on poll_votes (poll_id, choice);

create table raids (
    id uuid primary key, -- UUIDv7
    from_channel_id bigint not null references channels on delete cascade,
    to_channel_id bigint not null references channels on delete cascade,
    created_by bigint references users on delete set null,
    created_at timestamptz not null default now(),
    goes_at timestamptz not null,
    status text not null default 'pending' check (status in ('pending', 'gone', 'canceled')),
    ended_at timestamptz,
    viewer_count integer not null default 0 check (viewer_count >= 0), -- of the channel that raids: at its begin, then at its end
    check (from_channel_id <> to_channel_id),
    check ((status = 'pending') = (ended_at is null))
);
create unique index raids_pending on raids (from_channel_id) where status = 'pending';
create index raids_due on raids (goes_at) where status = 'pending';
create index raids_from on raids (from_channel_id, created_at desc);
create index raids_to on raids (to_channel_id, created_at desc);
create index raids_over on raids (ended_at) where ended_at is not null; -- for the clean-up
create index raids_created_by on raids (created_by) where created_by is not null;
create trigger notify_changed_from after insert or update on raids
    for each row execute function notify_control('from_channel_id');
create trigger notify_changed_to after insert or update on raids
    for each row execute function notify_control('to_channel_id');
