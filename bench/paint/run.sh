#!/usr/bin/env bash
# How soon each page shows something, with 100,000 calls of one organisation in the store, as Markdown.
#   bench/paint/run.sh            with SQLite
#   bench/paint/run.sh Postgres   with PostgreSQL
# Builds what it needs. The figures are those of a machine at rest only if it is at rest: the load is told beside them.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
cd "$root"
engine=${1:-Sqlite}
dotnet build tests/Sahab.Server.Tests -c Release --nologo -v quiet -nodeReuse:false -p:UseSharedCompilation=false
dotnet test tests/Sahab.Server.Tests -c Release --no-build --nologo -v quiet \
  --filter "FullyQualifiedName~FirstPaintOn$engine" || failed=$?
cat "artifacts/first-paint/$engine.md"
exit "${failed:-0}"
