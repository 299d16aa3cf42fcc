-- Who may say what in a chat: more of its settings, shield mode, and the terms that a channel blocks.

alter table chat_settings
    add column subscriber_slow_mode_wait_time integer check (subscriber_slow_mode_wait_time between 0 and 120), -- null: as everybody's
    add column verified_email_mode boolean not null default false,
    add column account_age_minimum integer not null default 0 check (account_age_minimum between 0 and 129600), -- minutes
    add column verification_spares text not null default 'vips'
        check (verification_spares in ('subscribers', 'vips', 'moderators')), -- they, and who stands above them
    add column links_from text not null default 'everyone'
        check (links_from in ('everyone', 'subscribers', 'vips', 'moderators')), -- likewise
    -- One switch that sets what `shield_preset` names (null: what the code has by default), and puts it back afterwards.
    add column shield_mode boolean not null default false,
    add column shield_preset jsonb check (jsonb_typeof(shield_preset) = 'object' and octet_length(shield_preset::text) <= 4096),
    add column shield_before jsonb check (jsonb_typeof(shield_before) = 'object' and octet_length(shield_before::text) <= 4096),
    add column shield_changed_at timestamptz, -- when it was switched last
    add column shield_changed_by bigint references users on delete set null;
create index chat_settings_shield on chat_settings (shield_changed_by) where shield_changed_by is not null;

create table chat_blocked_terms (
    id bigint generated always as identity primary key,
    channel_id bigint not null references channels on delete cascade,
    text text not null check (char_length(text) between 2 and 500),
    is_regex boolean not null default false, -- RE2; else a phrase, in which * stands for any letters
    moderator_id bigint references users on delete set null,
    created_at timestamptz not null default now(),
    expires_at timestamptz, -- null: never
    unique (channel_id, text, is_regex)
);
create index chat_blocked_terms_channel on chat_blocked_terms (channel_id, id desc);
create index chat_blocked_terms_moderator on chat_blocked_terms (moderator_id) where moderator_id is not null;
create index chat_blocked_terms_over on chat_blocked_terms (expires_at) where expires_at is not null; -- for the clean-up
create trigger notify_changed after insert or update or delete on chat_blocked_terms
    for each row execute function notify_control('channel_id');
