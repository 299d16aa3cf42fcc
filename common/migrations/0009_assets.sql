-- Pictures: avatars, offline images, box art, panels, thumbnails of broadcasts. Named by their content, so what a name stands for
-- never changes, on any node and in any backup. Nothing here is more than a megabyte.

create table assets (
    name text primary key, -- as in `/assets/NAME`
    content_type text not null check (content_type in ('image/webp', 'image/png', 'image/jpeg')),
    width integer not null check (width between 1 and 8192),
    height integer not null check (height between 1 and 8192),
    data bytea not null check (octet_length(data) between 1 and 1048576),
    created_at timestamptz not null default now(),
    check_at timestamptz, -- when to see whether anything still refers to it; null: something does, as far as is known
    check (name = encode(sha256(data), 'hex') || case content_type
        when 'image/webp' then '.webp' when 'image/png' then '.png' else '.jpg' end)
);
alter table assets alter column data set storage external; -- they are compressed already
alter table assets set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500,
    toast.autovacuum_vacuum_scale_factor = 0.02, toast.autovacuum_vacuum_threshold = 500);
create index assets_check on assets (check_at) where check_at is not null;

alter table users add column profile_image text check (char_length(profile_image) <= 100); -- name of an asset
alter table streams add column thumbnail text check (char_length(thumbnail) <= 100); -- name of an asset; the last one stays

-- Its cost is what keeps the planner from calling it for every channel rather than using the index.
create function panel_images(panels jsonb) returns text[] language sql immutable cost 1000 as $$
    select coalesce(array_agg(panel ->> 'image') filter (where panel ->> 'image' is not null), '{}')
    from jsonb_array_elements(panels) as panel
$$;

-- Who refers to an asset. No foreign keys: a picture that is missing is no error, pages show something else, and the images of
-- panels could not have one. What is removed is looked at when it was referred to, and again when it no longer is.
create index users_profile_image on users (profile_image) where profile_image is not null;
create index streams_thumbnail on streams (thumbnail) where thumbnail is not null;
create index channels_offline_image on channels (offline_image) where offline_image is not null;
create index categories_box_art on categories (box_art) where box_art is not null;
create index channels_panel_images on channels using gin (panel_images(panels)) with (fastupdate = off) where panels <> '[]';

-- The minute is for pages that were told a name and have not loaded it yet.
create function look_at_assets(names text[]) returns void language sql as $$
    update assets set check_at = now() + interval '1 minute' where name = any(names)
$$;
create function look_at_changed_asset() returns trigger language plpgsql as $$
begin
    perform look_at_assets(array[to_jsonb(old) ->> tg_argv[0], to_jsonb(new) ->> tg_argv[0]]);
    return null;
end $$;
create function look_at_changed_panels() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        perform look_at_assets(panel_images(old.panels));
    else
        perform look_at_assets(panel_images(old.panels) || panel_images(new.panels));
    end if;
    return null;
end $$;

create trigger asset_changed after update of profile_image on users for each row
    when (old.profile_image is distinct from new.profile_image) execute function look_at_changed_asset('profile_image');
create trigger asset_left after delete on users for each row
    when (old.profile_image is not null) execute function look_at_changed_asset('profile_image');
create trigger asset_changed after update of thumbnail on streams for each row
    when (old.thumbnail is distinct from new.thumbnail) execute function look_at_changed_asset('thumbnail');
create trigger asset_left after delete on streams for each row
    when (old.thumbnail is not null) execute function look_at_changed_asset('thumbnail');
create trigger asset_changed after update of offline_image on channels for each row
    when (old.offline_image is distinct from new.offline_image) execute function look_at_changed_asset('offline_image');
create trigger asset_left after delete on channels for each row
    when (old.offline_image is not null) execute function look_at_changed_asset('offline_image');
create trigger panels_changed after update of panels on channels for each row
    when (old.panels is distinct from new.panels) execute function look_at_changed_panels();
create trigger panels_left after delete on channels for each row
    when (old.panels <> '[]') execute function look_at_changed_panels();
create trigger asset_changed after update of box_art on categories for each row
    when (old.box_art is distinct from new.box_art) execute function look_at_changed_asset('box_art');
create trigger asset_left after delete on categories for each row
    when (old.box_art is not null) execute function look_at_changed_asset('box_art');

-- Thumbnails can be seen by anybody who has their address: a channel that is for some only, or was shut, has none.
create function hide_thumbnails() returns trigger language plpgsql as $$
begin
    update streams set thumbnail = null where channel_id = new.id and thumbnail is not null; -- a user's channel has its id
    return null;
end $$;
create trigger hide_thumbnails after update of visibility on channels for each row
    when (old.visibility is distinct from new.visibility and new.visibility not in ('public', 'unlisted'))
    execute function hide_thumbnails();
create trigger hide_thumbnails after update of suspended_at on users for each row
    when (old.suspended_at is null and new.suspended_at is not null) execute function hide_thumbnails();
