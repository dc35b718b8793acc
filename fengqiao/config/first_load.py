"""Loads the demo city through the function that the setting FENGQIAO_DEMO_LOADER names: `python -m …first_load`."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

NO_LOADER = 3


def main() -> int:
    """0 when the city is loaded, NO_LOADER when the setting's module does not exist in this installation."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fengqiao.config.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.utils.module_loading import import_string

    module = settings.FENGQIAO_DEMO_LOADER.rpartition(".")[0]
    if not module or find_spec(module) is None:
        return NO_LOADER
    import_string(settings.FENGQIAO_DEMO_LOADER)()
    return 0


if __name__ == "__main__":
    sys.exit(main())
