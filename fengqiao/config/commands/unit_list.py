"""`fengqiao unit list`: the units in force."""

import argparse
from typing import Any

NAME = "unit list"
HELP = "List the open units with their kind and place."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def run(args: argparse.Namespace) -> dict[str, Any]:
    from fengqiao.kernel.models import Unit

    units = Unit.objects.filter(closed_at=None).select_related("parent").order_by("path")
    return {
        "units": [
            {
                "unit": unit.key,
                "name": unit.name,
                "kind": unit.kind,
                "place": unit.place_id,
                "parent": unit.parent.key if unit.parent else None,
            }
            for unit in units
        ]
    }


def show(answer: dict[str, Any]) -> str:
    lines = [f"{unit['unit']}  {unit['name']}  {unit['kind']}  {unit['place']}" for unit in answer["units"]]
    return "\n".join(lines) or "There is no unit yet: `fengqiao unit create`."
