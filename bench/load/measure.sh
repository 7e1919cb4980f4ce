# What the load benchmarks share: processes that are stopped at the end, and CPU time per unit. Sourced, with $root set.
: "${root:?}"
seconds=${BENCH_SECONDS:-5}
export PATH="$PATH:/usr/sbin"
for tool in nginx wrk taskset; do
  command -v "$tool" >/dev/null || { echo "bench: '$tool' is needed: apt-get install nginx-light wrk util-linux" >&2; exit 1; }
done
# shellcheck source=eng/build.sh
source "$root/eng/build.sh"
build_product

work=$(mktemp -d)
children=()
stop() { for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$work"; }
trap stop EXIT

start() { "$@" >"$work/log.${#children[@]}" 2>&1 & children+=($!); last=$!; }
export BENCH_KEY=sk-bench
serve() { # CONFIG DATA PORT
  start "$root/sahab" serve --config "$1" --data "$2" --listen "127.0.0.1:$3" --quiet
}
ready() { for _ in $(seq 1 200); do curl -sf "http://127.0.0.1:$1/readyz" >/dev/null && return; sleep 0.1; done; echo "bench: the server does not answer" >&2; cat "$work"/log.*; exit 1; }
pin() { for task in /proc/"$1"/task/*; do taskset -p -c 0 "$(basename "$task")" >/dev/null; done; }
ticks() { # the CPU time of a process and its children, in hundredths of a second
  local total=0 pid
  for pid in "$1" $(pgrep -P "$1" || true); do total=$((total + $(awk '{print $14+$15}' "/proc/$pid/stat"))); done
  echo "$total"
}
load() { # SCRIPT CONNECTIONS PORT -> requests answered; fails on errors
  local out; out=$(taskset -c 1 wrk -t1 -c"$2" -d"${seconds}s" --timeout 10s -s "$work/$1.lua" "http://127.0.0.1:$3${4:-}/v1/chat/completions")
  if grep -q 'Non-2xx' <<<"$out"; then echo "bench: $(grep 'Non-2xx' <<<"$out")" >&2; fi
  awk '/requests in/{print $1}' <<<"$out"
}
warm() { for _ in $(seq 1 "${BENCH_WARM_ROUNDS:-5}"); do for s in $2; do wrk -t1 -c64 -d4s -s "$work/$s.lua" "http://127.0.0.1:$1/v1/chat/completions" >/dev/null; done; done; }
measure() { # SCRIPT CONNECTIONS PID PORT UNITS PREFIX -> microseconds of CPU per unit
  local before after count
  before=$(ticks "$3"); count=$(load "$1" "$2" "$4" "${6:-}"); after=$(ticks "$3")
  awk -v t=$((after - before)) -v n="$count" -v u="$5" 'BEGIN { printf "%.2f", t * 10000 / (n * u) }'
}
summary() { tr ' ' '\n' <<<"$1" | grep . | sort -n | awk '{v[NR]=$1} END {printf "%.1f / %.1f / %.1f", v[1], v[int((NR+1)/2)], v[NR]}'; }
memory() { awk '/VmRSS/ { printf "%.0f", $2 / 1024 }' "/proc/$1/status"; }
