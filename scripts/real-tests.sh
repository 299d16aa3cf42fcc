#!/usr/bin/env bash
# All tests marked `real`, in two halves at the same time: encoders and players mostly wait for the clock, databases mostly compute.
# Each half has its own database cluster and its own ports. What one half fails does not end the other. The second has what CPU
# the first leaves: a player that is kept waiting is a failed test, a database that is kept waiting is a slow one.
# What failed so is run once more, alone: on a machine that others use too, only that tells a fault from a lack of CPU.
set -uo pipefail
cd "$(dirname "$0")/.."

# Of tests/e2e, those that watch no video; new files belong to the first half.
sites=(tests/e2e/test_{administration,api_walk,backup,chat_clients,chat_nodes,chat_rules_clients,contract,database_outage}.py
  tests/e2e/test_{emotes,eventsub,notices,notices_killed,subscriptions}.py)
players=(tests/e2e tests/hls tests/bench)

work=$(mktemp -d)
real=(.venv/bin/pytest -q -m real)
SOME_FAILED=1 # pytest's exit code; all others mean that the run itself went wrong

nice -n 10 "${real[@]}" -o cache_dir="$work/databases" tests "${sites[@]}" "${players[@]/#/--ignore=}" >"$work/output" 2>&1 &
databases=$!
trap 'kill "$databases" 2>/dev/null; wait "$databases"; cat "$work/output"; rm -rf "$work"; exit 130' INT TERM

"${real[@]}" -o cache_dir="$work/players" "${players[@]}" "${sites[@]/#/--ignore=}"
codes=("players $?")
wait "$databases"
codes+=("databases $?")
cat "$work/output"

result=0
for half in "${codes[@]}"; do
  read -r name code <<<"$half"
  if [ "$code" -eq "$SOME_FAILED" ]; then
    echo "== Once more, alone: what failed among the $name"
    "${real[@]}" -o cache_dir="$work/$name" --last-failed --last-failed-no-failures none tests
    code=$?
  fi
  [ "$code" -eq 0 ] || result=1
done
rm -rf "$work"
exit "$result"
