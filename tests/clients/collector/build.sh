#!/usr/bin/env bash
# Build the Collector of builder.yaml, unless that has been done, and print the binary's path. Needs Go; a first build
# takes about two minutes on two cores. `build.sh --path` prints where the binary is, or would be, and builds nothing.
set -euo pipefail
cd "$(dirname "$0")"

# As its modules are: the builder and what it builds go together.
builder=go.opentelemetry.io/collector/cmd/builder@v0.165.0
# Outside the tree, it serves every checkout and survives `make clean`.
cache="${XDG_CACHE_HOME:-$HOME/.cache}/vectadb-tests/collector-$(cat builder.yaml build.sh | cksum | cut -d ' ' -f 1)"
binary="$cache/otelcol-test"

if [ "${1:-}" != --path ] && [ ! -x "$binary" ]; then
  mkdir -p "$cache"
  work="$(mktemp -d "$cache/build.XXXXXX")"
  trap 'rm -rf "$work"' EXIT
  sed "s|^  output_path:.*|  output_path: $work|" builder.yaml >"$work/builder.yaml"
  go run "$builder" --config "$work/builder.yaml" >&2
  mv "$work/otelcol-test" "$binary" # last and at once: an interrupted build leaves nothing that looks finished
fi
echo "$binary"
