"""`fengqiao keys rotate NAME`: a new key, while the system runs; the old ones stay for what they made."""

import argparse
import sys
from typing import Any

from fengqiao.kernel.keys import NAMES

NAME = "keys rotate"
TELL_EVERY = 5000
HELP = "Give a secret a new key while the system runs; what older keys made can still be read and verified."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", choices=NAMES, metavar="NAME", help=", ".join(NAMES))


def run(args: argparse.Namespace) -> dict[str, Any]:
    from fengqiao.config import folders, rehash, secrets

    data = folders.data_folder()
    made = secrets.rotate(data, args.name)
    rehash.note_rotation(args.name, made.id)
    answer = {"name": args.name, "id": made.id, "keys": len(secrets.read(data)[args.name])}
    return {**answer, "matters": rehash.go_on(progress=_tell)} if args.name == "hash" else answer


def show(answer: dict[str, Any]) -> str:
    told = f"{answer['name']} now uses key {answer['id']}; {answer['keys']} keys in all."
    return f"{told} {answer['matters']} matters are looked up by it now." if "matters" in answer else told


def _tell(done: int) -> None:
    if done % TELL_EVERY == 0:
        print(f"{done} matters …", file=sys.stderr, flush=True)
