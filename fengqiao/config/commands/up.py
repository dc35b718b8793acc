"""`fengqiao up`: everything, until Ctrl-C."""

import argparse
from typing import Any

NAME = "up"
HELP = "Start the database, the worker and the web, and keep them running until Ctrl-C."
NEEDS = "nothing"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments: PORT, FENGQIAO_HOST, FENGQIAO_DATA, DATABASE_URL and FENGQIAO_DEMO say it."""


def run(args: argparse.Namespace) -> dict[str, Any] | None:
    from fengqiao.config.supervisor import up

    return up(as_json=args.json)


def show(answer: dict[str, Any]) -> str:
    return f"Fengqiao already runs at {answer['address']}"
