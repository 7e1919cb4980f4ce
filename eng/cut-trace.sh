#!/bin/sh
# Cuts the first requests off a trace, plain or gzip, byte for byte, and writes them as gzip.
#
#   eng/cut-trace.sh conversation_trace.jsonl.gz 3000 > samples/traces/conversation-blocks.jsonl.gz

set -eu

file=$1
lines=$2
case $file in
*.gz) gzip -dc "$file" ;;
*) cat "$file" ;;
esac | awk -v lines="$lines" 'NR <= lines' | gzip -9n
