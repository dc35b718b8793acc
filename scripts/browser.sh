#!/usr/bin/env bash
# A Chromium for the tests: the system's, else by apt as root, else Playwright's own download, else one sentence.
set -u
for name in chromium chromium-browser google-chrome; do command -v "$name" >/dev/null && exit 0; done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium fonts-noto-cjk \
    && exit 0
fi
.venv/bin/python -m playwright install chromium && exit 0
echo "The tests need a Chromium: install the package 'chromium' and run again." >&2
exit 1
