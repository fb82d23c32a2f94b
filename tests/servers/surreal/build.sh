#!/usr/bin/env bash
# Build SurrealDB's server, unless that has been done, and print the binary's path. Needs Rust and a C++ compiler; a
# first build takes about 14 minutes on two cores and, while it lasts, 3.4 GB of disk.
# `build.sh --path` prints where the binary is, or would be, and builds nothing.
set -euo pipefail
cd "$(dirname "$0")"

# Outside the tree, it serves every checkout and survives `make clean`.
cache="${XDG_CACHE_HOME:-$HOME/.cache}/vectadb-tests/surreal-$(cat Cargo.toml Cargo.lock src/main.rs | cksum | cut -d ' ' -f 1)"
binary="$cache/surreal"

if [ "${1:-}" != --path ] && [ ! -x "$binary" ]; then
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock 9 # several checkouts may want it at once
  if [ ! -x "$binary" ]; then
    cargo build --release --locked --target-dir "$cache/target" >&2 # goes on where an interrupted build ended
    mv "$cache/target/release/surrealdb-test-server" "$binary"
    rm -rf "$cache/target"
  fi
fi
echo "$binary"
