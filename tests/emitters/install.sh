#!/usr/bin/env bash
# Install the emitters of requirements.lock, unless that has been done, and print their Python's path. Needs Python 3.11
# or newer and a package index. `install.sh --path` prints where that Python is, or would be, and installs nothing.
set -euo pipefail
cd "$(dirname "$0")"

# Apart from the project's own environment: what emitters depend on would decide what the receiver runs with. Outside
# the tree, it serves every checkout and survives `make clean`.
cache="${XDG_CACHE_HOME:-$HOME/.cache}/vectadb-tests/emitters-$(cat requirements.lock install.sh | cksum | cut -d ' ' -f 1)"
python="$cache/bin/python"

if [ "${1:-}" != --path ] && [ ! -e "$cache/installed" ]; then
  "${PYTHON:-python3}" -m venv --clear "$cache"
  "$python" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock >&2
  touch "$cache/installed" # last: an interrupted installation leaves nothing that looks finished
fi
echo "$python"
