"""`fengqiao unit create`: an office, committee or station of this city."""

import argparse
from typing import Any

NAME = "unit create"
HELP = "Open a unit under another one, at a place."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--key", required=True, help="a short name in letters, digits and dashes; never changes")
    parser.add_argument("--name", required=True)
    parser.add_argument("--kind", required=True, help="what it is, such as hotline_office, town, village")
    parser.add_argument("--place", required=True, help="code or name")
    parser.add_argument("--parent", metavar="KEY", help="the unit above it")


def run(args: argparse.Namespace) -> dict[str, Any]:
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_slug

    from fengqiao.config import named
    from fengqiao.config.command import Refused
    from fengqiao.kernel.models import Unit
    from fengqiao.offices.accounts import terms

    try:
        validate_slug(args.key)
    except ValidationError:
        raise Refused(f"The key {args.key!r} may have letters, digits, dashes and underscores only.") from None
    if Unit.objects.filter(key=args.key).exists():
        raise Refused(f"There is a unit {args.key!r} already.")
    parent = named.unit(args.parent) if args.parent else None
    unit = terms.open_unit(key=args.key, name=args.name, kind=args.kind, place=named.place(args.place), parent=parent)
    return {"unit": unit.key, "name": unit.name, "kind": unit.kind, "place": unit.place_id, "ranges": unit.ranges}


def show(answer: dict[str, Any]) -> str:
    return f"{answer['name']} ({answer['unit']}) is open; it answers for {', '.join(answer['ranges'])}."
