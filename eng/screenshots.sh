#!/usr/bin/env bash
# Takes a picture of every page: wide and narrow, light and dark, English and Arabic. They come into artifacts/screenshots.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
dotnet build tests/Sahab.Server.Tests -c Release --nologo -v quiet
dotnet test tests/Sahab.Server.Tests -c Release --no-build --nologo -v quiet --filter FullyQualifiedName~ScreenshotTests
echo "$(ls artifacts/screenshots/*.png | wc -l) pictures are in artifacts/screenshots."
