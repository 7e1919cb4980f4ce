#!/usr/bin/env bash
# The load benchmark: Sahab with everything on beside nginx, in one run, as CPU time of the gateway's own processes.
#   bench/load/run.sh [ROUNDS]        5 interleaved rounds unless told otherwise; prints a Markdown table
# The gateway is pinned to the first core; the upstream and the load generator (wrk) share the second.
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
root=$(cd "$here/../.." && pwd)
rounds=${1:-5}
# shellcheck source=bench/load/measure.sh
source "$here/measure.sh"

declare -i port_upstream=18081 port_nginx=18082 port_sahab=18083 port_streams=18084 port_control=18085 port_nginx_streams=18086
answer=$(printf 'The clouds over the sea are gathering and the light is going. %.0s' {1..11} | cut -c1-640)
fill() {
  sed -e "s#DIR#$work#g; s#PORT_UPSTREAM#$3#; s#PORT_NGINX#$4#; s#PORT_STREAMS#$port_streams#; s#PORT_CONTROL#$port_control#; s#ANSWER#$answer#" \
    "$here/$1" > "$work/$2"
}
body() { # PROMPT_BYTES STREAM
  local prompt; prompt=$(yes 'Tell me more about the weather of the northern seas in autumn.' | tr '\n' ' ' | head -c "$1")
  printf '{"model":"bench-model","messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"%s"}],"temperature":0.7,"max_tokens":50,"ignore_eos":true%s}' "$prompt" "$2"
}
script() { # NAME PROMPT_BYTES STREAM
  printf 'wrk.method="POST"\nwrk.headers["Content-Type"]="application/json"\nwrk.headers["Authorization"]="Bearer sk-bench"\nwrk.body=[==[%s]==]\n' "$(body "$2" "$3")" > "$work/$1.lua"
}
script small 800 ''
script prompt8k 8000 ''
script stream 800 ',"stream":true,"stream_options":{"include_usage":true}'

fill upstream.conf upstream.conf $port_upstream 0
fill nginx.conf nginx.conf $port_upstream $port_nginx
fill nginx.conf nginx-streams.conf $port_streams $port_nginx_streams
sed -i "s#nginx.pid#nginx-streams.pid#; s#/body#/sbody#; s#/proxy;#/sproxy;#; s#/fastcgi#/sfastcgi#; s#/uwsgi#/suwsgi#; s#/scgi#/sscgi#" "$work/nginx-streams.conf"
mkdir -p "$work/config" "$work/config-streams"
fill sahab.yaml config/sahab.yaml $port_upstream 0
fill sahab.yaml config-streams/sahab.yaml $port_streams 0
fill emulator.yaml emulator.yaml 0 0
sed -i 's#base_url: \(.*\)/v1 }#base_url: \1/v1 }#; s#^    dialect: openai#    dialect: openai\n    credentials: { env: BENCH_KEY }#' "$work/config-streams/sahab.yaml"

start taskset -c 1 nginx -c "$work/upstream.conf"
start taskset -c 0 nginx -c "$work/nginx.conf"; nginx=$last
start taskset -c 0 nginx -c "$work/nginx-streams.conf"; nginx_streams=$last
start taskset -c 1 dotnet "$root/artifacts/bin/Sahab.Emulator/release/sahab-emulator.dll" --config "$work/emulator.yaml"
compare() { # NAME SCRIPT CONNECTIONS NGINX_PID NGINX_PORT SAHAB_PID SAHAB_PORT UNITS PREFIX
  local a='' b='' ratios='' x y
  for _ in $(seq 1 "$rounds"); do
    x=$(measure "$2" "$3" "$4" "$5" "$8" "${9:-}"); y=$(measure "$2" "$3" "$6" "$7" "$8")
    a+=" $x"; b+=" $y"; ratios+=" $(awk -v x="$x" -v y="$y" 'BEGIN { printf "%.2f", y / x }')"
  done
  echo "| $1 | $(summary "$a") | $(summary "$b") | $(summary "$ratios") |"
}
echo "| | nginx, µs (min / median / max) | Sahab, µs (min / median / max) | ratio (min / median / max) |"
echo "|---|---|---|---|"
serve "$work/config/sahab.yaml" "$work/data" $port_sahab; sahab=$last; ready $port_sahab; sleep 2; idle=$(memory "$sahab")
warm $port_sahab 'small prompt8k'; pin "$sahab"
compare 'small request (1 KB each way)' small 64 "$nginx" $port_nginx "$sahab" $port_sahab 1
compare '8 KB prompt' prompt8k 64 "$nginx" $port_nginx "$sahab" $port_sahab 1
busy=$(memory "$sahab"); kill "$sahab"; wait "$sahab" 2>/dev/null || true

serve "$work/config-streams/sahab.yaml" "$work/data-streams" $port_sahab; sahab=$last; ready $port_sahab
warm $port_sahab stream; pin "$sahab"
compare 'streamed chunk (100 streams, 50 chunks 20 ms apart)' stream 100 "$nginx_streams" $port_nginx_streams "$sahab" $port_sahab 50 /a
kill "$sahab"; wait "$sahab" 2>/dev/null || true

ulimit -n "$(ulimit -Hn)"
serve "$work/config-streams/sahab.yaml" "$work/data-open" $port_sahab; sahab=$last; ready $port_sahab
sed -e 's/"max_tokens":50/"max_tokens":2000/' "$work/stream.lua" > "$work/open.lua"
wrk -t1 -c5000 -d15s --timeout 60s -s "$work/open.lua" "http://127.0.0.1:$port_sahab/v1/chat/completions" >/dev/null & load=$!
sleep 12
open=$(curl -sf "http://127.0.0.1:$port_sahab/metrics" | awk '/^sahab_serve_calls_in_house/ { print $2 }' || true)
echo
echo "Memory (resident): $idle MiB idle after start, $busy MiB after the load above, $(memory "$sahab") MiB with ${open:-5000} streams open."
wait "$load" || true
