"""The data folder: where it is, and its parts with their modes. Known before any setting is read."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from fengqiao.config import environment, os_user

PROJECT = Path(__file__).resolve().parents[2]
# What the web and the worker write; with them under a user of their own these belong to that user.
WRITTEN_BY_PROGRAM = ("run", "files", "anchors")


def data_folder() -> Path:
    """FENGQIAO_DATA, else `var` beside the project in a checkout, else the user's share folder. Nothing is made."""
    checkout = (PROJECT / "pyproject.toml").is_file()
    beside = PROJECT / "var" if checkout else Path.home() / ".local/share/fengqiao"
    return environment.folder("FENGQIAO_DATA", beside) or beside


def prepare(data: Path, program_user: pwd.struct_passwd | None = None) -> None:
    """Make the data folder and its parts, private; `program_user` gets what the program writes."""
    private = 0o711 if os_user.is_root() else 0o700  # as root the database's user must pass through
    for folder in (data, *(data / name for name in WRITTEN_BY_PROGRAM), data / "backups"):
        if not folder.exists():
            folder.mkdir(parents=True)
            folder.chmod(private if folder == data else 0o700)
    if program_user is not None:
        for name in WRITTEN_BY_PROGRAM:
            _give(data / name, program_user)


def _give(folder: Path, user: pwd.struct_passwd) -> None:
    for path in (folder, *folder.rglob("*")):
        if path.lstat().st_uid != user.pw_uid:
            os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
