-- The order in which the directory was read: whoever turns its pages goes on where they were, whatever viewers do meanwhile.

-- Unlogged: worth nothing after a crash. Kept for minutes; pages behind an order that is gone are found by viewers again.
create unlogged table directory_orders (
    id uuid primary key,
    made_at timestamptz not null default now(),
    stream_ids uuid[] not null -- what was listed, the most watched first
);
alter table directory_orders alter column stream_ids set storage external; -- random bits: not worth compressing
create index directory_orders_made on directory_orders (made_at desc);

-- Well-known games beside the generic categories that a site starts with. The operator may delete and add.
insert into categories (slug, name) values
    ('apex-legends', 'Apex Legends'), ('baldurs-gate-3', 'Baldur''s Gate 3'), ('call-of-duty', 'Call of Duty'),
    ('counter-strike', 'Counter-Strike'), ('cyberpunk-2077', 'Cyberpunk 2077'), ('dark-souls', 'Dark Souls'),
    ('dead-by-daylight', 'Dead by Daylight'), ('diablo', 'Diablo'), ('dota-2', 'Dota 2'), ('ea-sports-fc', 'EA Sports FC'),
    ('elden-ring', 'Elden Ring'), ('escape-from-tarkov', 'Escape from Tarkov'), ('factorio', 'Factorio'),
    ('final-fantasy', 'Final Fantasy'), ('fortnite', 'Fortnite'), ('genshin-impact', 'Genshin Impact'),
    ('grand-theft-auto', 'Grand Theft Auto'), ('hearthstone', 'Hearthstone'), ('hollow-knight', 'Hollow Knight'),
    ('league-of-legends', 'League of Legends'), ('mario-kart', 'Mario Kart'), ('minecraft', 'Minecraft'),
    ('overwatch', 'Overwatch'), ('path-of-exile', 'Path of Exile'), ('pokemon', 'Pokémon'), ('pubg', 'PUBG: Battlegrounds'),
    ('roblox', 'Roblox'), ('rocket-league', 'Rocket League'), ('rust', 'Rust'), ('satisfactory', 'Satisfactory'),
    ('stardew-valley', 'Stardew Valley'), ('super-mario', 'Super Mario'), ('team-fortress-2', 'Team Fortress 2'),
    ('teamfight-tactics', 'Teamfight Tactics'), ('terraria', 'Terraria'), ('tetris', 'Tetris'), ('the-sims', 'The Sims'),
    ('valorant', 'Valorant'), ('the-legend-of-zelda', 'The Legend of Zelda'), ('world-of-warcraft', 'World of Warcraft')
on conflict do nothing;
