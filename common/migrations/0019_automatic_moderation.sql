-- What a chat moderates by itself: rules about how messages look, a classifier, the guard against raids, and what helps people read a crowd.

alter table chat_settings
    add column automod_caps text not null default 'off' check (automod_caps in ('off', 'low', 'medium', 'high')),
    add column automod_repetition text not null default 'off' check (automod_repetition in ('off', 'low', 'medium', 'high')),
    add column automod_length text not null default 'off' check (automod_length in ('off', 'low', 'medium', 'high')),
    add column automod_symbols text not null default 'off' check (automod_symbols in ('off', 'low', 'medium', 'high')),
    add column automod_zalgo text not null default 'off' check (automod_zalgo in ('off', 'low', 'medium', 'high')),
    add column automod_profanity text not null default 'off' check (automod_profanity in ('off', 'low', 'medium', 'high')),
    add column automod_action text not null default 'hold' check (automod_action in ('hold', 'drop')),
    add column automod_spares text not null default 'vips'
        check (automod_spares in ('subscribers', 'vips', 'moderators')), -- they, and who stands above them
    add column automod_fails_closed boolean not null default false, -- whether messages count as bad while the classifier is away
    add column raid_guard text not null default 'off' check (raid_guard in ('off', 'hold', 'shield')),
    add column crowd_slow_rate integer not null default 0 check (crowd_slow_rate between 0 and 200), -- messages a second; 0: never
    add column sampling_rate integer not null default 0 check (sampling_rate between 0 and 200); -- messages a second; 0: all
