#!/usr/bin/env bash
# What translation costs: the same request through Sahab to clouds that speak other dialects, beside one that speaks
# OpenAI's, as CPU time of Sahab's own process.
#   bench/load/translated.sh [ROUNDS]  5 interleaved rounds unless told otherwise; prints a Markdown table
# Sahab is pinned to the first core; the emulated clouds and the load generator (wrk) share the second.
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
root=$(cd "$here/../.." && pwd)
rounds=${1:-5}
# shellcheck source=bench/load/measure.sh
source "$here/measure.sh"

port=18083
dialects='vllm anthropic vertex bedrock bedrock-signed'
# What the emulated AWS calls the key whose secret is BENCH_KEY.
export BENCH_KEY_ID=bench
mkdir -p "$work/config"
cp "$here/translated-sahab.yaml" "$work/config/sahab.yaml"
prompt=$(printf 'Tell me more about the weather of the northern seas in autumn. %.0s' {1..13} | cut -c1-800)
for dialect in $dialects; do
  for kind in whole stream; do
    stream=''
    if [ "$kind" = stream ]; then stream=',"stream":true,"stream_options":{"include_usage":true}'; fi
    printf 'wrk.method="POST"\nwrk.headers["Content-Type"]="application/json"\nwrk.headers["Authorization"]="Bearer sk-bench"\nwrk.body=[==[{"model":"%s","messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"%s"}],"temperature":0.7,"max_tokens":100%s}]==]\n' \
      "$dialect" "$prompt" "$stream" > "$work/$kind-$dialect.lua"
  done
done

start taskset -c 1 dotnet "$root/artifacts/bin/Sahab.Emulator/release/sahab-emulator.dll" --config "$here/translated-emulator.yaml"
serve "$work/config/sahab.yaml" "$work/data" "$port"; sahab=$last; ready "$port"
for kind in whole stream; do
  for dialect in $dialects; do warm "$port" "$kind-$dialect"; done
done
pin "$sahab"
echo "| | vllm, µs (min / median / max) | dialect, µs (min / median / max) | ratio (min / median / max) |"
echo "|---|---|---|---|"
for kind in whole stream; do
  for dialect in $dialects; do
    [ "$dialect" != vllm ] || continue
    a='' b='' ratios=''
    for _ in $(seq 1 "$rounds"); do
      x=$(measure "$kind-vllm" 32 "$sahab" "$port" 1); y=$(measure "$kind-$dialect" 32 "$sahab" "$port" 1)
      a+=" $x"; b+=" $y"; ratios+=" $(awk -v x="$x" -v y="$y" 'BEGIN { printf "%.2f", y / x }')"
    done
    echo "| $dialect, $kind | $(summary "$a") | $(summary "$b") | $(summary "$ratios") |"
  done
done
