-- What makes a channel findable and its own: settings, categories, follows, roles, blocks, viewers, search; and the log of
-- who changed what.

-- Categories -------------------------------------------------------------------------------------------------------------

create table categories (
    id bigint generated always as identity primary key,
    slug text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and char_length(slug) <= 60),
    name text not null check (char_length(name) between 1 and 60 and name !~ '[[:cntrl:]]'),
    box_art text check (char_length(box_art) <= 100), -- name of an asset; null: the page draws one from the name
    grams text[], -- made by our code from the name (common/trigrams.py); null: to be made
    created_at timestamptz not null default now()
);
create unique index categories_name on categories (lower(name));
create index categories_grams on categories using gin (grams) with (fastupdate = off);
create index categories_stale on categories (id) where grams is null;

insert into categories (slug, name) values
    ('just-talking', 'Just Talking'), ('music', 'Music'), ('dj-sets', 'DJ Sets'), ('singing', 'Singing and Karaoke'),
    ('art', 'Art'), ('digital-art', 'Digital Art'), ('crafts', 'Makers and Crafting'), ('photography', 'Photography'),
    ('software-development', 'Software and Game Development'), ('electronics', 'Electronics and Robotics'),
    ('science', 'Science and Technology'), ('education', 'Education'), ('study-together', 'Study and Work Together'),
    ('languages', 'Languages'), ('writing', 'Writing and Books'), ('food', 'Food and Drink'), ('travel', 'Travel and Outdoors'),
    ('fitness', 'Fitness and Health'), ('sports', 'Sports'), ('motorsport', 'Motorsport and Sim Racing'),
    ('animals', 'Animals and Nature'), ('beauty', 'Fashion and Beauty'), ('podcasts', 'Talk Shows and Podcasts'),
    ('news', 'News and Politics'), ('business', 'Business and Finance'), ('faith', 'Faith and Spirituality'),
    ('special-events', 'Special Events'), ('charity', 'Charity'), ('watch-together', 'Watch Together'),
    ('sleep', 'Sleep and Relaxation'), ('games-and-demos', 'Games and Demos'), ('retro', 'Retro'), ('speedruns', 'Speedruns'),
    ('strategy', 'Strategy'), ('role-playing', 'Role-Playing Games'), ('shooters', 'Shooters'), ('racing', 'Racing'),
    ('simulation', 'Simulation'), ('sandbox', 'Sandbox and Building'), ('survival', 'Survival and Horror'),
    ('platformers', 'Platformers'), ('puzzles', 'Puzzles'), ('fighting-games', 'Fighting Games'), ('indie', 'Indie Games'),
    ('mobile-games', 'Mobile Games'), ('rhythm-games', 'Rhythm Games'), ('virtual-reality', 'Virtual Reality'),
    ('board-games', 'Board and Card Games'), ('chess', 'Chess'), ('tabletop', 'Tabletop Role-Playing'),
    ('esports', 'Tournaments and Esports');

-- Channels ---------------------------------------------------------------------------------------------------------------

create function tags_are_sound(tags text[]) returns boolean language sql immutable as $$
    select coalesce(bool_and(tag is not null and char_length(tag) between 1 and 25 and tag !~ '[[:cntrl:][:space:]]'), true)
    from unnest(tags) as tag
$$;

alter table channels
    add column category_id bigint references categories on delete set null,
    add column is_mature boolean not null default false,
    add column content_labels text[] not null default '{}' check (cardinality(content_labels) <= 10),
    add column panels jsonb not null default '[]' -- [{title, text, image, link}], in the order shown
        check (jsonb_typeof(panels) = 'array' and octet_length(panels::text) <= 65536),
    add column offline_image text check (char_length(offline_image) <= 100), -- name of an asset
    add column password_hash text, -- argon2id, of visibility `password`
    add column updated_at timestamptz not null default now(),
    add check (title !~ '[[:cntrl:]]'),
    add check (char_length(language) <= 35),
    add check (tags_are_sound(tags)),
    add check (tags_are_sound(content_labels)),
    drop constraint channels_visibility_check,
    add constraint channels_visibility_check check (visibility in ('public', 'unlisted', 'followers', 'subs', 'password')),
    add constraint channels_password_check check (visibility <> 'password' or password_hash is not null);
create index channels_category on channels (category_id) where category_id is not null; -- a category that is deleted

create trigger notify_changed after update on channels for each row
    when ((old.title, old.category_id, old.language, old.tags, old.is_mature, old.content_labels, old.visibility,
           old.password_hash, old.offline_image)
        is distinct from
          (new.title, new.category_id, new.language, new.tags, new.is_mature, new.content_labels, new.visibility,
           new.password_hash, new.offline_image))
    execute function notify_control('id');

-- Names of chat settings, units and limits are those of Helix `chat/settings`. A channel without a row has the defaults.
create table chat_settings (
    channel_id bigint primary key references channels on delete cascade,
    emote_mode boolean not null default false,
    follower_mode boolean not null default false,
    follower_mode_duration integer not null default 0 check (follower_mode_duration between 0 and 129600), -- minutes
    slow_mode boolean not null default false,
    slow_mode_wait_time integer not null default 30 check (slow_mode_wait_time between 3 and 120), -- seconds
    subscriber_mode boolean not null default false,
    unique_chat_mode boolean not null default false,
    non_moderator_chat_delay boolean not null default false,
    non_moderator_chat_delay_duration integer not null default 2 check (non_moderator_chat_delay_duration in (2, 4, 6)),
    raids_from text not null default 'everyone' check (raids_from in ('everyone', 'followed', 'nobody')),
    raids_min_viewers integer not null default 0 check (raids_min_viewers >= 0),
    updated_at timestamptz not null default now()
);
create trigger notify_changed after insert or update or delete on chat_settings
    for each row execute function notify_control('channel_id');

-- People and channels ------------------------------------------------------------------------------------------------------

create table channel_roles (
    channel_id bigint not null references channels on delete cascade,
    user_id bigint not null references users on delete cascade,
    role text not null check (role in ('editor', 'moderator', 'vip')),
    granted_by bigint references users on delete set null,
    created_at timestamptz not null default now(),
    primary key (channel_id, user_id, role),
    check (channel_id <> user_id) -- the owner has every right anyway
);
-- As on Twitch a VIP is no moderator; an editor may be either.
create unique index channel_roles_one_badge on channel_roles (channel_id, user_id) where role in ('moderator', 'vip');
create index channel_roles_user on channel_roles (user_id, role, channel_id);
create index channel_roles_granted on channel_roles (granted_by) where granted_by is not null;
create trigger notify_changed after insert or delete on channel_roles
    for each row execute function notify_control('channel_id');

create table blocks (
    user_id bigint not null references users on delete cascade, -- who wants peace
    blocked_id bigint not null references users on delete cascade,
    created_at timestamptz not null default now(),
    primary key (user_id, blocked_id),
    check (user_id <> blocked_id)
);
create index blocks_blocked on blocks (blocked_id);
create trigger notify_changed after insert or delete on blocks for each row execute function notify_control('user_id');

create table follows (
    user_id bigint not null references users on delete cascade,
    channel_id bigint not null references channels on delete cascade,
    notify boolean not null default true, -- tell the user when the channel goes live
    created_at timestamptz not null default now(),
    primary key (user_id, channel_id),
    check (user_id <> channel_id)
);
create index follows_of_user on follows (user_id, created_at desc, channel_id desc);
create index follows_of_channel on follows (channel_id, created_at desc, user_id desc);

-- Broadcasts: who watches --------------------------------------------------------------------------------------------------

-- Category, language and tags are the channel's of now while the broadcast runs, and stay when it has ended.
-- They, and `listed`, stand here so that the directory reads nothing but what is live.
alter table streams
    add column category_id bigint references categories on delete set null,
    add column language text not null default '',
    add column tags text[] not null default '{}',
    add column is_mature boolean not null default false,
    add column listed boolean not null default true,
    add column viewer_count integer not null default 0 check (viewer_count >= 0),
    add column peak_viewers integer not null default 0,
    add column average_viewers real; -- null until it has ended, and where nobody ever counted
alter table streams set (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
create index streams_open on streams (channel_id, started_at desc) where ended_at is null;
create index streams_directory on streams (viewer_count desc, id desc) where ended_at is null and listed;
create index streams_category on streams (category_id) where category_id is not null; -- a category that is deleted

create table viewer_samples (
    stream_id uuid not null references streams on delete cascade,
    at timestamptz not null,
    viewers integer not null check (viewers >= 0),
    primary key (stream_id, at)
);
create index viewer_samples_at on viewer_samples (at); -- for the clean-up

create function average_viewers() returns trigger language plpgsql as $$
begin
    new.average_viewers := (select avg(viewers) from viewer_samples where stream_id = new.id);
    return new;
end $$;
create trigger average_viewers before update of ended_at on streams
    for each row when (old.ended_at is null and new.ended_at is not null) execute function average_viewers();

-- Search -------------------------------------------------------------------------------------------------------------------

-- One row a channel, kept by triggers, with what search reads. Trigrams are made by our code (common/trigrams.py), which folds
-- Unicode the same way on every server; a row whose words changed has none until somebody searches.
create table channel_search (
    channel_id bigint primary key references channels on delete cascade,
    login text not null,
    display_name text not null,
    title text not null,
    listed boolean not null,
    followers bigint not null default 0,
    name_grams text[],
    grams text[], -- of names and title
    check ((grams is null) = (name_grams is null))
) with (fillfactor = 70); -- a new follower changes no index
create index channel_search_grams on channel_search using gin (grams) with (fastupdate = off);
create index channel_search_stale on channel_search (channel_id) where grams is null;

-- Brings what is copied from a channel and its user up to date.
create function sync_channel(changed bigint) returns void language plpgsql as $$
declare
    truth record;
begin
    select login, display_name, title, category_id, language, tags, is_mature,
           visibility = 'public' and suspended_at is null as listed
    into truth from channels join users on users.id = channels.user_id where channels.id = changed;
    if not found then
        return;
    end if;
    insert into channel_search as known (channel_id, login, display_name, title, listed)
    values (changed, truth.login, truth.display_name, truth.title, truth.listed)
    on conflict (channel_id) do update set
        login = excluded.login, display_name = excluded.display_name, title = excluded.title, listed = excluded.listed,
        grams = case when (known.login, known.display_name, known.title)
            is not distinct from (excluded.login, excluded.display_name, excluded.title) then known.grams end,
        name_grams = case when (known.login, known.display_name, known.title)
            is not distinct from (excluded.login, excluded.display_name, excluded.title) then known.name_grams end;
    update streams set category_id = truth.category_id, language = truth.language, tags = truth.tags,
        is_mature = truth.is_mature, listed = truth.listed
    where channel_id = changed and ended_at is null;
end $$;

create function sync_changed_channel() returns trigger language plpgsql as $$
begin
    perform sync_channel(new.id); -- of a user too: its channel has the same id
    return null;
end $$;
create trigger sync_made after insert on channels for each row execute function sync_changed_channel();
create trigger sync_changed after update on channels for each row
    when ((old.title, old.category_id, old.language, old.tags, old.is_mature, old.visibility)
        is distinct from (new.title, new.category_id, new.language, new.tags, new.is_mature, new.visibility))
    execute function sync_changed_channel();
create trigger sync_channel after update on users for each row
    when ((old.login, old.display_name, old.suspended_at) is distinct from (new.login, new.display_name, new.suspended_at))
    execute function sync_changed_channel();

-- `for share`: a change of the channel that has not committed yet is waited for, or it would miss this stream.
create function copy_channel_to_stream() returns trigger language plpgsql as $$
begin
    select category_id, channels.language, channels.tags, channels.is_mature,
           visibility = 'public' and suspended_at is null
    into new.category_id, new.language, new.tags, new.is_mature, new.listed
    from channels join users on users.id = channels.user_id where channels.id = new.channel_id for share;
    new.language := coalesce(new.language, ''); -- there is no such channel: the foreign key says so
    new.tags := coalesce(new.tags, '{}');
    new.is_mature := coalesce(new.is_mature, false);
    new.listed := coalesce(new.listed, false);
    return new;
end $$;
create trigger copy_channel before insert on streams for each row execute function copy_channel_to_stream();

do $$ begin perform sync_channel(id) from channels; end $$;

-- Locks the rows in one order, so that two accounts deleted at once do not wait for each other.
create function count_followers() returns trigger language plpgsql as $$
begin
    perform from channel_search where channel_id in (select channel_id from changed) order by channel_id for update;
    update channel_search set followers = followers + case tg_op when 'INSERT' then counted.follows else - counted.follows end
    from (select channel_id, count(*) as follows from changed group by channel_id) as counted
    where counted.channel_id = channel_search.channel_id;
    return null;
end $$;
create trigger count_more after insert on follows referencing new table as changed
    for each statement execute function count_followers();
create trigger count_fewer after delete on follows referencing old table as changed
    for each statement execute function count_followers();

-- The site -----------------------------------------------------------------------------------------------------------------

create table site_settings (
    key text primary key check (key ~ '^[a-z][a-z0-9_.]{0,99}$'),
    value jsonb not null,
    updated_at timestamptz not null default now()
);
create trigger notify_changed after insert or update or delete on site_settings
    for each row execute function notify_control('key');

create table reports (
    id uuid primary key, -- UUIDv7, made by the web node
    reporter_id bigint references users on delete set null,
    channel_id bigint references channels on delete set null, -- where it happened
    target_type text not null check (target_type in ('channel', 'user', 'stream', 'message', 'video', 'clip')),
    target_id text not null check (char_length(target_id) between 1 and 100),
    reason text not null check (char_length(reason) between 1 and 50),
    description text not null default '' check (char_length(description) <= 2000),
    status text not null default 'open' check (status in ('open', 'resolved', 'rejected')),
    handled_by bigint references users on delete set null,
    handled_at timestamptz,
    note text not null default '' check (char_length(note) <= 2000),
    created_at timestamptz not null default now(),
    check ((status = 'open') = (handled_at is null))
);
create index reports_status on reports (status, id desc);
create index reports_reporter on reports (reporter_id) where reporter_id is not null;
create index reports_channel on reports (channel_id) where channel_id is not null;
create index reports_handled on reports (handled_by) where handled_by is not null;

-- Ids without foreign keys: what was done stays written when the account that did it is gone.
create table audit_log (
    id uuid primary key, -- UUIDv7
    at timestamptz not null default now(),
    actor_id bigint, -- null: the system
    actor_kind text not null check (actor_kind in ('user', 'staff', 'api', 'shell', 'system')),
    channel_id bigint,
    action text not null check (char_length(action) between 1 and 60), -- verbs of EventSub's `channel.moderate`
    target_type text check (char_length(target_type) <= 30),
    target_id text check (char_length(target_id) <= 100),
    details jsonb not null default '{}' check (octet_length(details::text) <= 16384),
    address_hash bytea check (octet_length(address_hash) = 32)
);
create index audit_log_channel on audit_log (channel_id, id desc) where channel_id is not null;
create index audit_log_actor on audit_log (actor_id, id desc) where actor_id is not null;

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'rows of % are never changed', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger append_only before update or delete or truncate on audit_log
    for each statement execute function refuse_change();
