#!/usr/bin/env bash
# What translation costs, as CPU time of Sahab's own process, in two tables: the same request to clouds that speak other
# dialects, and through the front door's other APIs, each beside a chat completion at a cloud that speaks OpenAI's.
#   bench/load/translated.sh [ROUNDS]  5 interleaved rounds unless told otherwise; prints Markdown
# Sahab is pinned to the first core; the emulated clouds and the load generator (wrk) share the second.
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
root=$(cd "$here/../.." && pwd)
rounds=${1:-5}
# shellcheck source=bench/load/measure.sh
source "$here/measure.sh"

port=18083
dialects='anthropic vertex bedrock bedrock-signed'
doors='messages responses gemini'
# What the emulated AWS calls the key whose secret is BENCH_KEY.
export BENCH_KEY_ID=bench
mkdir -p "$work/config"
cp "$here/translated-sahab.yaml" "$work/config/sahab.yaml"
system='You are a helpful assistant.'
prompt=$(printf 'Tell me more about the weather of the northern seas in autumn. %.0s' {1..13} | cut -c1-800)
script() { # NAME PATH BODY
  printf 'wrk.method="POST"\nwrk.path="%s"\nwrk.headers["Content-Type"]="application/json"\nwrk.headers["Authorization"]="Bearer sk-bench"\nwrk.body=[==[%s]==]\n' \
    "$2" "$3" > "$work/$1.lua"
}
for kind in whole stream; do
  stream='' usage='' method=generateContent
  if [ "$kind" = stream ]; then
    stream=',"stream":true' usage=',"stream_options":{"include_usage":true}' method='streamGenerateContent?alt=sse'
  fi
  for dialect in vllm $dialects; do
    script "$kind-$dialect" /v1/chat/completions "{\"model\":\"$dialect\",\"messages\":[{\"role\":\"system\",\"content\":\"$system\"},{\"role\":\"user\",\"content\":\"$prompt\"}],\"temperature\":0.7,\"max_tokens\":100$stream$usage}"
  done
  script "$kind-messages" /v1/messages "{\"model\":\"vllm\",\"system\":\"$system\",\"messages\":[{\"role\":\"user\",\"content\":\"$prompt\"}],\"temperature\":0.7,\"max_tokens\":100$stream}"
  script "$kind-responses" /v1/responses "{\"model\":\"vllm\",\"store\":false,\"instructions\":\"$system\",\"input\":\"$prompt\",\"temperature\":0.7,\"max_output_tokens\":100$stream}"
  script "$kind-gemini" "/v1beta/models/vllm:$method" "{\"systemInstruction\":{\"parts\":[{\"text\":\"$system\"}]},\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"$prompt\"}]}],\"generationConfig\":{\"temperature\":0.7,\"maxOutputTokens\":100}}"
done

start taskset -c 1 dotnet "$root/artifacts/bin/Sahab.Emulator/release/sahab-emulator.dll" --config "$here/translated-emulator.yaml"
serve "$work/config/sahab.yaml" "$work/data" "$port"; sahab=$last; ready "$port"
for kind in whole stream; do
  for other in vllm $dialects $doors; do warm "$port" "$kind-$other"; done
done
pin "$sahab"
table() { # HEADING OTHERS
  local kind other round a b ratios x y
  echo "| | chat at vllm, µs (min / median / max) | $1, µs (min / median / max) | ratio (min / median / max) |"
  echo "|---|---|---|---|"
  for kind in whole stream; do
    for other in $2; do
      a='' b='' ratios=''
      for ((round = 0; round < rounds; round++)); do
        x=$(measure "$kind-vllm" 32 "$sahab" "$port" 1); y=$(measure "$kind-$other" 32 "$sahab" "$port" 1)
        a+=" $x"; b+=" $y"; ratios+=" $(awk -v x="$x" -v y="$y" 'BEGIN { printf "%.2f", y / x }')"
      done
      echo "| $other, $kind | $(summary "$a") | $(summary "$b") | $(summary "$ratios") |"
    done
  done
  echo
}
table dialect "$dialects"
table door "$doors"
