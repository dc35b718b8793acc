#!/usr/bin/env bash
# Prints the folder of PostgreSQL 15's programs for `make test-all`: the system's, else by apt as root, else nothing.
set -u
folder=/usr/lib/postgresql/15/bin
if ! [ -x $folder/postgres ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
  (apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends postgresql-15) >&2
fi
if [ -x $folder/postgres ]; then echo $folder; else
  echo "PostgreSQL 15 is not here: the tests marked 'database' ran on the embedded one only." >&2
fi
