#!/usr/bin/env bash
# What ./sahab, ./run and ./test share: building the product, and how it runs. Sourced, with $root set.
: "${root:?}"

server_dll=$root/artifacts/bin/Sahab.Server/release/sahab.dll
emulator_dll=$root/artifacts/bin/Sahab.Emulator/release/sahab-emulator.dll
build_stamp=$root/artifacts/built.stamp

# Socket completions run on the threads that wait for them, and idle threads sleep at once: see docs/benchmarks.md.
export DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS=${DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS:-1}
export DOTNET_ThreadPool_UnfairSemaphoreSpinLimit=${DOTNET_ThreadPool_UnfairSemaphoreSpinLimit:-0}
export DOTNET_TieredPGO=${DOTNET_TieredPGO:-1}
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

# Whether the .NET SDK that global.json asks for is here; says what is missing when not.
require_dotnet() {
  command -v dotnet >/dev/null || { echo "sahab: the .NET 10 SDK is needed: no 'dotnet' on the PATH" >&2; return 1; }
  (cd "$root" && dotnet --version >/dev/null 2>&1) || {
    echo "sahab: the .NET 10 SDK is needed; 'dotnet --list-sdks' names these:" >&2
    dotnet --list-sdks >&2
    return 1
  }
}

# Whether nothing was edited, added or removed since the last build. A folder's time tells of what was removed.
is_built() {
  [ -f "$build_stamp" ] && [ -f "$server_dll" ] && [ -f "$emulator_dll" ] \
    && [ -z "$(find "$root/src" "$root/eng" "$root"/*.props "$root"/*.targets "$root/global.json" \
      -newer "$build_stamp" \( -type d -o -name '*.cs' -o -name '*.razor' -o -name '*.css' -o -name '*.js' \
      -o -name '*.json' -o -name '*.csproj' -o -name '*.props' -o -name '*.targets' -o -name '*.sql' \
      -o -name '*.txt' -o -name '*.svg' -o -name '*.html' \) -print -quit)" ]
}

# Builds the product in Release when a source is newer than the last build. Leaves no build server behind.
build_product() {
  is_built && return 0
  require_dotnet || return 1
  mkdir -p "$root/artifacts"
  (
    # Two commands typed at once build once.
    if command -v flock >/dev/null; then
      exec 9>"$root/artifacts/build.lock"
      flock 9
      is_built && exit 0
    fi
    begun=$(mktemp "$root/artifacts/begun.XXXXXX")
    log=$root/artifacts/build.log
    echo "Building Sahab (once, about a minute) ..." >&2
    for project in Sahab.Server Sahab.Emulator; do
      if ! dotnet build "$root/src/$project" -c Release --nologo -v quiet -clp:ErrorsOnly \
        -nodeReuse:false -p:UseSharedCompilation=false >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        rm -f "$begun"
        exit 1
      fi
    done
    # The stamp bears the time at which the build began, so that an edit made meanwhile is built next time.
    mv -f "$begun" "$build_stamp"
  )
}
