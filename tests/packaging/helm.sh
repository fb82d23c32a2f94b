#!/usr/bin/env bash
# Build Helm, unless that has been done, and print the binary's path. Needs Go; a first build takes about two minutes.
# `helm.sh --path` prints where the binary is, or would be, and builds nothing.
set -euo pipefail

# Outside the tree, it serves every checkout and survives `make clean`.
version=v3.19.0
folder="${XDG_CACHE_HOME:-$HOME/.cache}/vectadb-tests/helm-$version"

[ "${1:-}" = --path ] || [ -x "$folder/helm" ] || GOBIN="$folder" go install "helm.sh/helm/v3/cmd/helm@$version" >&2
echo "$folder/helm"
