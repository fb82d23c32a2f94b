#!/usr/bin/env bash
# Build the Go client, unless that has been done, and print the binary's path. Needs Go. `build.sh --path` prints where
# the binary is, or would be, and builds nothing.
set -euo pipefail
cd "$(dirname "$0")"

# Outside the tree, it serves every checkout and survives `make clean`.
binary="${XDG_CACHE_HOME:-$HOME/.cache}/vectadb-tests/go-client-$(cat main.go go.mod go.sum | cksum | cut -d ' ' -f 1)"

[ "${1:-}" = --path ] || [ -x "$binary" ] || go build -o "$binary" . >&2
echo "$binary"
