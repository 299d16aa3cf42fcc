#!/usr/bin/env bash
# Every benchmark, one after the other, beside its peer where that is installed (nginx, libnginx-mod-rtmp). Some ten minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python
peer=()
if command -v nginx >/dev/null; then peer=(--peer nginx); fi

"$python" -m bench.origin "${peer[@]}"
"$python" -m bench.ingest "${peer[@]}"
"$python" -m bench.latency

if [ -x /usr/bin/chromium ]; then
  data=$(mktemp -d)
  WEIR_DATA_DIR="$data" WEIR_RTMP_PORT=0 WEIR_WEB_PORT=0 WEIR_HLS_PORT=0 .venv/bin/weir demo >"$data/out" 2>"$data/log" &
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
