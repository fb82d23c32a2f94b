#!/usr/bin/env bash
# Bring the jars of the Java client, unless that has been done, and print their folder. Needs Maven. `build.sh --path`
# prints where the folder is, or would be, and brings nothing.
set -euo pipefail
cd "$(dirname "$0")"

# Outside the tree, it serves every checkout and survives `make clean`.
cache="${XDG_CACHE_HOME:-$HOME/.cache}/vectadb-tests"
jars="$cache/java-client-$(cat pom.xml build.sh | cksum | cut -d ' ' -f 1)"

if [ "${1:-}" != --path ] && [ ! -d "$jars" ]; then
  mkdir -p "$cache"
  work="$(mktemp -d "$cache/jars.XXXXXX")"
  trap 'rm -rf "$work"' EXIT
  mvn -q -B -ntp org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy-dependencies \
    -DoutputDirectory="$work/jars" >&2
  mv "$work/jars" "$jars" # last and at once: an interrupted run leaves nothing that looks finished
fi
echo "$jars"
