#!/usr/bin/env bash
# Every benchmark, one after the other, beside the peers that are installed: nginx and libnginx-mod-rtmp by apt, and
# node-media-server by the npm command that bench.ingest prints while it is missing; bench.chat fetches its own. Some thirty
# minutes. `python -m bench.chat huge` is left out: a hundred thousand connections need 4 GB and five minutes more.
set -euo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python
peer=()
if command -v nginx >/dev/null; then peer=(--peer nginx); fi

"$python" -m bench.origin "${peer[@]}"
"$python" -m bench.ingest --table
"$python" -m bench.latency
"$python" -m bench.viewers --viewers 800
"$python" -m bench.api
"$python" -m bench.notify
"$python" -m bench.chat --install steady flood memory irc
"$python" -m bench.chat reconnect parts large
if [ "${#peer[@]}" -gt 0 ]; then "$python" -m bench.viewers --edge nginx --viewers 1500; fi

if [ -x /usr/bin/chromium ]; then
  "$python" -m bench.hold_queue
  data=$(mktemp -d)
  WEIR_DATA_DIR="$data" WEIR_RTMP_PORT=0 WEIR_WEB_PORT=0 WEIR_HLS_PORT=0 WEIR_CHAT_PORT=0 WEIR_IRC_PORT=0 .venv/bin/weir demo >"$data/out" 2>"$data/log" &
  demo=$!
  trap 'kill "$demo" 2>/dev/null; wait "$demo" || true; rm -rf "$data"' EXIT
  for _ in $(seq 60); do
    if grep -q '^weir ready$' "$data/out"; then break; fi
    sleep 1
  done
  url=$(sed -n 's/^ *Demo channel *//p' "$data/out")
  for profile in default safe stock; do
    "$python" -m bench.glass --url "$url" --profile "$profile"
  done
fi
