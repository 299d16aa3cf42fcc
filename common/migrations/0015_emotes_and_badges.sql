-- Emotes of the site and of channels, badges of channels, and accounts that programs use.

-- Scaled pictures are assets: `images` names the static ones at 28, 56 and 112 pixels, then the moving ones if it moves.
-- What was approved and is deleted stays for a while, out of use: messages that were said with it refer to it by its id.
create table emotes (
    id bigint generated always as identity primary key,
    channel_id bigint references channels on delete cascade, -- null: of the site, for everybody everywhere
    scope bigint not null generated always as (coalesce(channel_id, 0)) stored, -- what chat is told, which keeps them by channel
    code text not null check (code ~ '^[A-Za-z0-9]{3,25}$'),
    tier text not null default '' check (tier in ('', 'follower', '1000', '2000', '3000')), -- what one must be to use it
    status text not null check (status in ('pending', 'approved', 'rejected')),
    images text[] not null check (cardinality(images) in (0, 3, 6)),
    created_by bigint references users on delete set null,
    created_at timestamptz not null default now(),
    reviewed_by bigint references users on delete set null,
    reviewed_at timestamptz,
    reason text not null default '' check (char_length(reason) <= 500), -- why it was rejected
    deleted_at timestamptz,
    check (channel_id is not null or tier = ''),
    check (status = 'rejected' or cardinality(images) > 0)
);
create index emotes_scope on emotes (scope, id);
create index emotes_queue on emotes (status, id) where deleted_at is null;
create index emotes_deleted on emotes (deleted_at) where deleted_at is not null;
create index emotes_created_by on emotes (created_by) where created_by is not null;
create index emotes_reviewed_by on emotes (reviewed_by) where reviewed_by is not null;
-- For the sweep of assets. An index on the array would serve, but the planner takes a look at all rows for cheaper.
create index emotes_image_1 on emotes ((images[1])) where images[1] is not null;
create index emotes_image_2 on emotes ((images[2])) where images[2] is not null;
create index emotes_image_3 on emotes ((images[3])) where images[3] is not null;
create index emotes_image_4 on emotes ((images[4])) where images[4] is not null;
create index emotes_image_5 on emotes ((images[5])) where images[5] is not null;
create index emotes_image_6 on emotes ((images[6])) where images[6] is not null;
-- One code stands for one emote on the whole site; codes that differ in case only, or in what looks alike (I l 1, O 0), are one.
create unique index emotes_code on emotes (translate(lower(code collate "C"), 'ilo', '110'))
    where deleted_at is null and status <> 'rejected';

-- What the codes of a channel's emotes begin with, in lower case; a capital letter ends it.
create table emote_prefixes (
    channel_id bigint primary key references channels on delete cascade,
    prefix text not null check (prefix ~ '^[a-z][a-z0-9]{2,9}$')
);
create unique index emote_prefixes_prefix on emote_prefixes (translate(prefix, 'ilo', '110'));

-- Badges of subscribers, by how many months they have been that; `images` at 18, 36 and 72 pixels.
create table channel_badges (
    channel_id bigint not null references channels on delete cascade,
    months integer not null check (months in (1, 2, 3, 6, 9, 12, 18, 24, 30, 36, 48, 60, 72, 84, 96, 108, 120)),
    status text not null check (status in ('pending', 'approved', 'rejected')),
    images text[] not null check (cardinality(images) in (0, 3)),
    created_by bigint references users on delete set null,
    created_at timestamptz not null default now(),
    reviewed_by bigint references users on delete set null,
    reviewed_at timestamptz,
    reason text not null default '' check (char_length(reason) <= 500),
    primary key (channel_id, months),
    check (status = 'rejected' or cardinality(images) > 0)
);
create index channel_badges_queue on channel_badges (status, created_at, channel_id, months);
create index channel_badges_created_by on channel_badges (created_by) where created_by is not null;
create index channel_badges_reviewed_by on channel_badges (reviewed_by) where reviewed_by is not null;
create index channel_badges_image_1 on channel_badges ((images[1])) where images[1] is not null;
create index channel_badges_image_2 on channel_badges ((images[2])) where images[2] is not null;
create index channel_badges_image_3 on channel_badges ((images[3])) where images[3] is not null;

create function look_at_changed_images() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        perform look_at_assets(new.images);
    end if;
    perform look_at_assets(old.images);
    return null;
end $$;
create trigger images_changed after update of images on emotes for each row
    when (old.images is distinct from new.images) execute function look_at_changed_images();
create trigger images_left after delete on emotes for each row execute function look_at_changed_images();
create trigger images_changed after update of images on channel_badges for each row
    when (old.images is distinct from new.images) execute function look_at_changed_images();
create trigger images_left after delete on channel_badges for each row execute function look_at_changed_images();

create trigger notify_changed after insert or update or delete on emotes
    for each row execute function notify_control('scope');
create trigger notify_changed after insert or update or delete on channel_badges
    for each row execute function notify_control('channel_id');

alter table users add column is_bot boolean not null default false; -- a program says what it writes; shown as a badge
