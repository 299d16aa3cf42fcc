-- Who blocks somebody and is followed by them in the same moment: neither statement sees the other's row, so without locks the
-- follow would outlive the block. The channel is what both can lock; a function sees what was committed while it waited.

create function end_blocked_follow() returns trigger language plpgsql as $$
begin
    -- The user before the channel, as when an account is deleted, so that neither waits for the other in a circle.
    perform from users where id = new.user_id for key share;
    perform from channels where id = new.user_id for update;
    delete from follows where user_id = new.blocked_id and channel_id = new.user_id;
    return new;
end $$;
create trigger end_follow before insert on blocks for each row execute function end_blocked_follow();

create function refuse_blocked_follow() returns trigger language plpgsql as $$
begin
    perform from channels where id = new.channel_id for key share; -- as the foreign key does, and for a block in between
    if exists (select from blocks where user_id = new.channel_id and blocked_id = new.user_id) then
        return null;
    end if;
    return new;
end $$;
create trigger refuse_blocked before insert on follows for each row execute function refuse_blocked_follow();
