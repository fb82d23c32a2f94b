#!/usr/bin/env bash
# Install what the tests in a browser, of the OpenAPI description and of the package need: tests/requirements.lock into
# .venv, which `make setup` has made, and Chromium from Debian's packages where there is none (as root or with sudo).
set -euo pipefail
cd "$(dirname "$0")/.."

.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r tests/requirements.lock

if ! command -v chromium >/dev/null; then
  root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq
  # The fonts draw what prompts are written with: letters, Chinese, Japanese and Korean signs, emoji.
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    chromium fonts-dejavu-core fonts-droid-fallback fonts-noto-color-emoji
fi
