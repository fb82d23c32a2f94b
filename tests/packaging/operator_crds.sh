#!/usr/bin/env bash
# Fetch the source of OpenTelemetry's operator, as a Go module, and print the folder of its custom resources' definitions.
# `operator_crds.sh --path` prints where they are, or would be, and fetches nothing.
set -euo pipefail

module=github.com/open-telemetry/opentelemetry-operator@v0.140.0

[ "${1:-}" = --path ] || (cd / && go mod download "$module") >&2
echo "$(go env GOMODCACHE)/$module/config/crd/bases"
