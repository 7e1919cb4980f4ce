#!/usr/bin/env bash
# Builds the product in Release when a source is newer than the last build. Sourced by ./sahab and ./run.
build_product() {
  local stamp="$root/artifacts/built.stamp"
  local commit
  if [ -f "$stamp" ] && [ -z "$(find "$root/src" "$root"/*.props "$root"/*.targets "$root/eng" -newer "$stamp" \
      \( -name '*.cs' -o -name '*.razor' -o -name '*.css' -o -name '*.js' -o -name '*.json' -o -name '*.csproj' \
      -o -name '*.props' -o -name '*.targets' -o -name '*.sql' -o -name '*.txt' \) -print -quit)" ]; then
    return 0
  fi
  command -v dotnet >/dev/null || { echo "sahab: the .NET 10 SDK is needed: no 'dotnet' on the PATH" >&2; return 1; }
  mkdir -p "$root/artifacts"
  local log="$root/artifacts/build.log"
  local begun; begun=$(mktemp "$root/artifacts/begun.XXXXXX")
  echo "Building Sahab (once, about a minute) ..." >&2
  for project in Sahab.Server Sahab.Emulator; do
    if ! dotnet build "$root/src/$project" -c Release --nologo -v quiet -clp:ErrorsOnly >"$log" 2>&1; then
      cat "$log" >&2
      rm -f "$begun"
      return 1
    fi
  done
  # The stamp bears the time at which the build began, so that an edit made meanwhile is built next time.
  mv "$begun" "$stamp"
}
