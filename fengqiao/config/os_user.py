"""Which operating-system users run the database, the web and the worker.

Started by an ordinary user, everything runs as that user. Started by root, PostgreSQL refuses to run as root, so it
gets an unprivileged user; outside the demo the web and the worker get another one, which can only reach the
program's role and not the database's files (engineering ruling 22).
"""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path

DATABASE_USERS = ("fengqiao-database", "postgres", "nobody")
PROGRAM_USERS = ("fengqiao", "www-data", "nobody")


class NoOsUser(RuntimeError):
    """No operating-system user fits; the sentence says what to set."""


def is_root() -> bool:
    return os.geteuid() == 0


def current_user() -> pwd.struct_passwd:
    """The user of this process. Raises NoOsUser when its number has no name, which peer authentication needs."""
    try:
        return pwd.getpwuid(os.geteuid())
    except KeyError:
        raise NoOsUser(
            f"User number {os.geteuid()} has no name on this machine; add it to /etc/passwd or set DATABASE_URL."
        ) from None


def database_user() -> pwd.struct_passwd:
    """The user that runs the embedded PostgreSQL."""
    if not is_root():
        return current_user()
    return _first(os.environ.get("FENGQIAO_DATABASE_USER"), DATABASE_USERS, "FENGQIAO_DATABASE_USER")


def program_user() -> pwd.struct_passwd:
    """The user that runs web and worker when `up` is started by root outside the demo."""
    if not is_root():
        return current_user()
    return _first(os.environ.get("FENGQIAO_RUN_AS"), PROGRAM_USERS, "FENGQIAO_RUN_AS")


def _first(named: str | None, candidates: tuple[str, ...], variable: str) -> pwd.struct_passwd:
    for name in (named,) if named else candidates:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        if found.pw_uid == 0:
            raise NoOsUser(f"{variable} must not be a user with root's rights ({name}).")
        return found
    raise NoOsUser(f"No user {named or ' or '.join(candidates)} on this machine; set {variable} to an existing one.")


def can_reach(path: Path, user: pwd.struct_passwd) -> bool:
    """True when `user` may enter the folder `path` (or run the file)."""
    if user.pw_uid == os.geteuid():
        return os.access(path, os.X_OK)
    try:
        done = subprocess.run(
            ["/usr/bin/test", "-x", str(path)],
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
            cwd="/",
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0
