-- Chat: how people look in it, and who must not write.

alter table users add column chat_color text not null default '' check (chat_color ~ '^(#[0-9A-F]{6})?$'); -- '': never chosen

create table chat_bans (
    channel_id bigint not null references channels on delete cascade,
    user_id bigint not null references users on delete cascade,
    moderator_id bigint references users on delete set null,
    reason text not null default '' check (char_length(reason) <= 500),
    created_at timestamptz not null default now(),
    expires_at timestamptz, -- null: for ever
    primary key (channel_id, user_id),
    check (channel_id <> user_id)
);
create index chat_bans_user on chat_bans (user_id);
create index chat_bans_moderator on chat_bans (moderator_id) where moderator_id is not null;
create index chat_bans_over on chat_bans (expires_at) where expires_at is not null; -- for the clean-up
create trigger notify_changed after insert or update or delete on chat_bans
    for each row execute function notify_control('channel_id');

-- What moderators do reaches the chat of every node from here, whoever wrote it: chat itself, a page, the shell.
create trigger notify_moderated after insert on audit_log
    for each row when (new.channel_id is not null) execute function notify_control('channel_id');
