-- Polls for EventSub: that one begins and ends, and how it stands meanwhile. Votes are not for sale, so what Twitch says of that is always the same.

create function poll_event(poll polls, is_counted boolean) returns jsonb language sql stable as $$
    select jsonb_build_object(
        'id', poll.id::text, 'title', poll.title, 'started_at', rfc3339(poll.started_at),
        'choices', jsonb_agg(jsonb_build_object('id', choice::text, 'title', title) || case when is_counted
            then jsonb_build_object('votes', votes, 'channel_points_votes', 0, 'bits_votes', 0) else '{}' end order by choice),
        'bits_voting', jsonb_build_object('is_enabled', false, 'amount_per_vote', 0),
        'channel_points_voting', jsonb_build_object('is_enabled', false, 'amount_per_vote', 0))
    from poll_choices where poll_id = poll.id
$$;

create function tell_poll() returns trigger language plpgsql as $$
begin
    if new.status = 'ACTIVE' and is_eventsub_wanted(new.channel_id, 'channel.poll.begin') then
        perform tell_event(new.channel_id, 'channel.poll.begin',
            poll_event(new, false) || jsonb_build_object('ends_at', rfc3339(new.ends_at)));
    elsif new.status <> 'ACTIVE' and is_eventsub_wanted(new.channel_id, 'channel.poll.end') then
        perform tell_event(new.channel_id, 'channel.poll.end', poll_event(new, true)
            || jsonb_build_object('status', lower(new.status), 'ended_at', rfc3339(new.ended_at)));
    end if;
    return null;
end $$;
-- At the end of the statement, which writes the choices, too.
create trigger tell_poll_begin after insert on polls for each row execute function tell_poll();
create trigger tell_poll_end after update of status on polls
    for each row when (old.status = 'ACTIVE' and new.status <> 'ACTIVE') execute function tell_poll();

-- How a poll stands, once in five seconds at most, whichever node says so; false: it was told just now, so say it again later.
create function tell_poll_progress(wanted uuid) returns boolean language sql as $$
    with poll as (
        select polls from polls
        where id = wanted and status = 'ACTIVE' and is_eventsub_wanted(channel_id, 'channel.poll.progress')
    ), told as (
        insert into outbox (key, channel_id, type, event)
        select format('poll %s %s', wanted, floor(extract(epoch from now()) / 5)), users.id, 'channel.poll.progress',
            jsonb_build_object('broadcaster_user_id', users.id::text, 'broadcaster_user_login', login,
                'broadcaster_user_name', display_name, 'ends_at', rfc3339((polls).ends_at)) || poll_event(polls, true)
        from poll join users on users.id = (polls).channel_id
        on conflict (key) where key is not null do nothing
        returning id
    )
    select not exists (select from poll) or exists (select from told)
$$;
