-- Where the media of live channels is, when several nodes share a database; and word of keys that were changed.

-- One media node, as it says itself every ten seconds. One that was not seen for 45 seconds counts as dead.
create table media_nodes (
    node text primary key check (char_length(node) between 1 and 100), -- as in streams.node
    hls_url text check (char_length(hls_url) <= 500), -- as configured; null: the name the viewer knows, and the port
    hls_port integer not null check (hls_port between 1 and 65535),
    rtmp_url text check (char_length(rtmp_url) <= 500), -- as above
    rtmp_port integer not null check (rtmp_port between 1 and 65535),
    seen_at timestamptz not null default now()
);

-- Deleting a key has all processes make and use a new one.
create trigger notify_changed after insert or update or delete on site_secrets
    for each row execute function notify_control('name');
