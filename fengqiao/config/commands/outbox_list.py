"""`fengqiao outbox list`: what waits, what was sent, what was given up."""

import argparse
from typing import Any

NAME = "outbox list"
HELP = "List messages to the outside by state, without their recipients."
STATES = ("waiting", "sent", "refused", "cancelled", "dead")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", choices=STATES, default="waiting")
    parser.add_argument("--most", type=int, default=50, metavar="N", help="at most N rows (50)")


def run(args: argparse.Namespace) -> dict[str, Any]:
    from fengqiao.offices.letters import outbox

    return {"counts": outbox.counts(), "state": args.state, "messages": outbox.rows(args.state, args.most)}


def show(answer: dict[str, Any]) -> str:
    lines = [", ".join(f"{state} {count}" for state, count in answer["counts"].items())]
    for row in answer["messages"]:
        why = f" ({row['error']})" if row["error"] else ""
        lines.append(
            f"{row['id']} {row['way']} {row['template']} made {row['made_at']:%Y-%m-%d %H:%M}, "
            f"attempts {row['attempts']}{why}"
        )
    return "\n".join(lines)
