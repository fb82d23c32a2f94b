#!/usr/bin/env bash
# Build the Collector of builder.yaml, unless that has been done, and print the binary's path. Needs Go; a first build
# takes about two minutes on two cores. The cache is outside the tree: it serves every checkout, and survives `make clean`.
set -euo pipefail
cd "$(dirname "$0")"

# The newest of its line, as the modules are: the builder and what it builds go together.
builder=go.opentelemetry.io/collector/cmd/builder@v0.165.0
cache="${XDG_CACHE_HOME:-$HOME/.cache}/vectadb-tests/collector-$(cat builder.yaml build.sh | sha256sum | cut -c1-16)"
binary="$cache/otelcol-test"

if [ ! -x "$binary" ]; then
  mkdir -p "$cache"
  work="$(mktemp -d "$cache/build.XXXXXX")"
  trap 'rm -rf "$work"' EXIT
  sed "s|^  output_path:.*|  output_path: $work|" builder.yaml >"$work.yaml"
  go run "$builder" --config "$work.yaml" >&2
  rm "$work.yaml"
  mv "$work/otelcol-test" "$binary" # at once and last: an interrupted build leaves nothing that looks finished
fi
echo "$binary"
