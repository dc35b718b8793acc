"""The three files that a cluster of ours is configured by: settings, who may connect, and as whom."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from fengqiao.config import os_user, roles

CONFIGURATION = """\
# Written at each start; own changes belong into own.conf beside this file.
listen_addresses = ''
unix_socket_permissions = {socket_mode}
max_connections = 100
shared_buffers = {shared_buffers}
effective_cache_size = {cache}
max_wal_size = 2GB
checkpoint_timeout = 15min
random_page_cost = 1.1
jit = off
shared_preload_libraries = 'pg_stat_statements'
log_destination = stderr
logging_collector = off
log_min_duration_statement = 2000
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
timezone = 'UTC'
log_timezone = 'Asia/Shanghai'
archive_mode = on
archive_command = 'true'
include_if_exists 'archive.conf'
include_if_exists 'own.conf'
include_if_exists 'restore.conf'
"""


def write(folder: Path, user: pwd.struct_passwd, settings: Mapping[str, str]) -> None:
    """Write what differs into the cluster's `folder`, for the database's `user`; `settings` come last.

    Raises OSError.
    """
    files = {
        "fengqiao.conf": _settings(settings),
        "pg_hba.conf": f"local all all peer map=fengqiao\nlocal replication {roles.BOOT} peer map=fengqiao\n",
        "pg_ident.conf": "".join(f'fengqiao "{name}" {role}\n' for name, role in _peers(user)),
    }
    for name, content in files.items():
        path = folder / name
        if path.exists() and path.read_text() == content:
            continue  # a server must come back on a disk that is full
        part = path.with_name(f"{name}.part")
        part.write_text(content)
        part.chmod(0o600)
        os.chown(part, user.pw_uid, user.pw_gid)
        part.replace(path)


def _settings(more: Mapping[str, str]) -> str:
    megabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    text = CONFIGURATION.format(
        socket_mode="0777" if os_user.is_root() else "0700",  # peer decides; the program's user must get in
        shared_buffers=f"{max(64, min(megabytes // 8, 2048))}MB",
        cache=f"{max(128, megabytes // 2)}MB",
    )
    return text + "".join(f"{name} = {value}\n" for name, value in more.items())


def _peers(user: pwd.struct_passwd) -> list[tuple[str, str]]:
    """(operating-system user, database role): as root, the program's user reaches only the program's role."""
    all_roles = (roles.BOOT, roles.OWNER, roles.PROGRAM)
    if not os_user.is_root():
        return [(user.pw_name, role) for role in all_roles]
    peers = [("root", role) for role in all_roles]
    with suppress(os_user.NoOsUser):
        peers.append((os_user.program_user().pw_name, roles.PROGRAM))
    return peers
