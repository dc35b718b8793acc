"""Static files, fingerprinted and compressed into FENGQIAO_DATA/static when one of them has changed."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path


def collect() -> bool:
    """Collect the static files; True when there was something to do. Django is set up."""
    from django.conf import settings
    from django.core.management import call_command

    target = settings.FENGQIAO_DATA / "static"
    stamp, state = target / ".stamp", _state()
    if stamp.exists() and stamp.read_text() == state:
        return False
    shutil.rmtree(target, ignore_errors=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    stamp.write_text(state)
    return True


def _state() -> str:
    """A digest over the files as they lie: name, size, time of change."""
    from django.contrib.staticfiles.finders import get_finders

    lines = []
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = Path(storage.path(name)).stat()
            lines.append(f"{name} {found.st_size} {found.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
