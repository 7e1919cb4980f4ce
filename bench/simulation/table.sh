#!/usr/bin/env bash
# What each policy costs beside the optimum with hindsight, over seeds that nothing was tuned with, as Markdown.
#   bench/simulation/table.sh [SEEDS]  10 seeds, from 11 on, unless told otherwise
# Needs a build (./run makes one) and COIN-OR CBC. A seed of all four scenarios takes some ten minutes of one core.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
seeds=${1:-10}
for scenario in steady-growth launch-spike cloud-loss shortfall; do
  "$root/sahab" simulate "$root/samples/scenarios/$scenario.yaml" --policies all --optimum --time-limit 15m \
    --seed 11 --seeds "$seeds" | sed -n '/ seeds:$/,$p'
done
