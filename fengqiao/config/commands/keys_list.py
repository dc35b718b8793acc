"""`fengqiao keys list`: the ids of the keys, never the keys."""

import argparse
from typing import Any

NAME = "keys list"
HELP = "Show the ids of each secret's keys, newest first."
NEEDS = "nothing"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def run(args: argparse.Namespace) -> dict[str, Any]:
    from fengqiao.config import folders, secrets

    return {name: [key.id for key in keys] for name, keys in secrets.read(folders.data_folder()).items()}


def show(answer: dict[str, Any]) -> str:
    return "\n".join(f"{name}: {', '.join(ids)}" for name, ids in answer.items()) or "No secrets have been made yet."
