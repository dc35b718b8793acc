#!/usr/bin/env bash
# Makes .venv from a lock file: scripts/install.sh run|dev. Wheels only, hashes checked, nothing is built.
set -euo pipefail
cd "$(dirname "$0")/.."
lock=requirements/$1.txt
python=${PYTHON:-}
if [ -z "$python" ]; then
  for name in python3 python3.13 python3.12 python3.11; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$name; break; fi
  done
fi
if [ -z "$python" ]; then echo "Fengqiao needs Python 3.11 or newer; install it, or name one with PYTHON=…" >&2; exit 1; fi
if ! [ -x .venv/bin/python ] || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  if ! "$python" -m venv .venv 2>/dev/null; then
    echo "$python cannot make an environment; install its venv module (Debian: apt-get install python3-venv)." >&2
    exit 1
  fi
fi
.venv/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r "$lock"
# The project itself is used where it lies: a path file and the command, so that no build tool has to be fetched.
site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
pwd >"$site/fengqiao.pth"
cat >.venv/bin/fengqiao <<COMMAND
#!$PWD/.venv/bin/python
import sys

from fengqiao.config.command import main

sys.exit(main())
COMMAND
chmod +x .venv/bin/fengqiao
