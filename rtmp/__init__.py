"""Hand-written RTMP: `feed` → `handshake` → `chunks` → `amf` → `messages` → `session` are pure; `server` does the I/O."""
