"""`fengqiao outbox retry`: send dead letters again."""

import argparse
import uuid
from typing import Any

NAME = "outbox retry"
HELP = "Give dead letters another round of attempts: those named, or all."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", nargs="*", type=uuid.UUID, metavar="ID", help="ids of messages; none: all dead ones")


def run(args: argparse.Namespace) -> dict[str, Any]:
    from fengqiao.offices.letters import outbox

    return {"retried": outbox.retry(args.ids)}


def show(answer: dict[str, Any]) -> str:
    return f"{answer['retried']} messages are sent again by the worker."
