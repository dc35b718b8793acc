"""A job of the worker in a process of its own: what takes much memory gives all of it back (engineering ruling 18)."""

from __future__ import annotations

import os
import subprocess
import sys


def run(path: str) -> None:
    """Call the function of this dotted path, without arguments, in a new process. Raises CalledProcessError."""
    subprocess.run([sys.executable, "-m", "fengqiao.config.apart", path], check=True, stdin=subprocess.DEVNULL)


def main(path: str) -> None:
    """What the new process does."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fengqiao.config.settings")
    import django

    django.setup()
    from django.utils.module_loading import import_string

    import_string(path)()


if __name__ == "__main__":
    main(sys.argv[1])
