-- The processes of a site, for whoever runs it: each says every ten seconds that it lives, and how it is.

-- One that stops takes its row away; one that was not seen for 45 seconds counts as dead, and is forgotten after a day.
create table processes (
    id text primary key check (char_length(id) between 1 and 120), -- another one after a restart
    node text not null check (char_length(node) between 1 and 100), -- as in streams.node; two processes may be called the same
    roles text[] not null check (cardinality(roles) between 1 and 3),
    version text not null check (char_length(version) <= 50),
    addresses text[] not null check (cardinality(addresses) <= 20), -- as printed at the start
    problems text[] not null check (cardinality(problems) <= 20), -- sentences; what /healthz fails for
    remarks text[] not null check (cardinality(remarks) <= 20), -- sentences; what /healthz tells, and does not fail for
    memory_bytes bigint not null, -- resident
    lag_s real not null, -- worst lateness of the event loop since the last time
    disk_bytes bigint not null, -- of the file system of its data directory, as what follows
    disk_free_bytes bigint not null,
    started_at timestamptz not null,
    seen_at timestamptz not null default now()
);
