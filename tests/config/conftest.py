import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from fengqiao.config import os_user


@contextmanager
def short_path():
    """A folder with a path short enough for sockets, which the database's user can pass through."""
    folder = Path(tempfile.mkdtemp(prefix="fq-"))
    folder.chmod(0o711 if os_user.is_root() else 0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def short_folder():
    with short_path() as folder:
        yield folder
