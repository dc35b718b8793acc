"""`fengqiao check`: is everything in order."""

import argparse
from typing import Any

NAME = "check"
HELP = "Check roles, migrations, secrets, disk and what the parts have registered; ends with 1 when one is wrong."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def run(args: argparse.Namespace) -> dict[str, Any]:
    from django.conf import settings
    from django.utils.module_loading import import_string

    results = {name: list(import_string(path)()) for name, path in settings.FENGQIAO_CHECKS.items()}
    return {"ok": not any(results.values()), "checks": results}


def show(answer: dict[str, Any]) -> str:
    lines = []
    for name, problems in answer["checks"].items():
        lines += [f"{name}: {problem}" for problem in problems] or [f"{name}: in order"]
    return "\n".join(lines)
