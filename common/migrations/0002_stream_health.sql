-- How broadcasts are doing: readings every few seconds, and what the streamer was told to change.

create table stream_health (
    stream_id uuid not null references streams on delete cascade,
    at timestamptz not null,
    detail boolean not null, -- true but for about one reading a minute: what the periodic clean-up removes first
    status text not null check (status in ('good', 'ok', 'bad', 'noData')), -- as YouTube's healthStatus
    kbps real not null, -- kbit/s of all that came
    video_kbps real not null,
    audio_kbps real not null,
    fps real, -- as the frames arrived; null without video, as what follows about it
    keyframe_interval_s real, -- between the last two keyframes
    gop_frames integer,
    missing_frames bigint not null, -- since the broadcast began: left out by the encoder
    dropped bigint not null, -- since the broadcast began: packets without a place on the timeline
    undecodable bigint not null, -- since the broadcast began: messages and tags that made no sense
    jitter_s real not null, -- mean deviation of arrival from the stamps
    behind_s real not null, -- how much later than at best the newest media came
    round_trip_ms real, -- null where the connection is no socket, or nobody is connected
    reconnects integer not null,
    primary key (stream_id, at)
);
create index stream_health_at on stream_health (at);
create index stream_health_detail on stream_health (at) where detail;

-- What the streamer was told, from when to when.
create table stream_issues (
    stream_id uuid not null references streams on delete cascade,
    type text not null, -- after YouTube's configurationIssues, such as gopSizeLong
    started_at timestamptz not null,
    ended_at timestamptz, -- null: still so, or the stream ended with it (a crash leaves it null)
    severity text not null check (severity in ('info', 'warning', 'error')),
    reason text not null,
    description text not null,
    primary key (stream_id, type, started_at),
    check (ended_at >= started_at)
);
