"""Low-Latency HLS: `timeline` cuts, `fragments` muxes, `window` and `playlist` describe, `origin` serves."""
