"""`fengqiao keys rotate NAME`: a new newest key; the old ones stay for what they made."""

import argparse
from typing import Any

from fengqiao.kernel.keys import NAMES

NAME = "keys rotate"
HELP = "Give a secret a new key; what older keys made can still be read and verified."
NEEDS = "nothing"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", choices=NAMES, metavar="NAME", help=", ".join(NAMES))


def run(args: argparse.Namespace) -> dict[str, Any]:
    from fengqiao.config import folders, secrets

    data = folders.data_folder()
    made = secrets.rotate(data, args.name)
    return {"name": args.name, "id": made.id, "keys": len(secrets.read(data)[args.name])}


def show(answer: dict[str, Any]) -> str:
    return f"{answer['name']} now uses key {answer['id']}; {answer['keys']} keys in all. Restart `fengqiao up`."
