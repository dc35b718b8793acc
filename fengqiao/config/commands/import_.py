"""`fengqiao import FILE --channel C`: bring in matters from a table; without --commit a dry run."""

import argparse
import sys
from pathlib import Path
from typing import Any

NAME = "import"
HELP = "Bring in matters from a table: fengqiao import FILE --channel 12345 [--map MAPPING.json] [--commit]."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """FILE, channel, mapping, and who imports."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a table: .xlsx, .csv or .jsonl")
    parser.add_argument("--channel", required=True, metavar="C", help="the channel it came by, such as 12345 or e_line")
    parser.add_argument("--map", type=Path, metavar="MAPPING.json", help="{our field: their column}; else guessed")
    parser.add_argument("--commit", action="store_true", help="bring it in; without this nothing is changed")
    parser.add_argument("--kind", default="hotline", metavar="K", help="what the rows are (hotline)")
    parser.add_argument("--user", default="", metavar="NAME", help="whose post imports")
    parser.add_argument("--post", type=int, metavar="ID", help="which post imports, where the user has several")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """The report: {rows, created, joined, unchanged, rejected, …}."""
    from fengqiao.doors.imports import mapping, run

    wish = mapping.read_file(args.map) if args.map else None
    by = _post(args)
    if not args.commit:
        return run.preview(args.file, wish, args.channel, by, kind=args.kind).as_json()
    return run.commit(args.file, wish, args.channel, by, kind=args.kind, told=_progress).as_json()


def show(answer: dict[str, Any]) -> str:
    """What came in or would, what was left, what was refused."""
    will = "" if answer["committed"] else "would be "
    lines = [
        f"{answer['rows']} rows: {answer['created']} {will}created, {answer['joined']} {will}joined, "
        f"{answer['unchanged']} unchanged, {answer['rejected']} rejected."
    ]
    lines += [f"  {ours} ← {theirs}" for ours, theirs in answer["columns"].items()]
    if answer["left"]:
        lines.append(f"Not taken: {', '.join(answer['left'])}.")
    lines += [f"Row {fault['row']}: {fault['why']}" for fault in answer["faults"]]
    if answer["rejected_file"]:
        lines.append(f"The rejected rows are in {answer['rejected_file']} (deleted after 7 days).")
    if answer["cancelled"]:
        lines.append("The import was cancelled; what had come in stays. The same command goes on.")
    if answer["committed"]:
        lines.append(f"{answer['seconds']:.1f} s, {answer['rows'] / max(answer['seconds'], 0.001):,.0f} rows/s.")
    else:
        lines.append("Nothing was changed. Add --commit to bring it in.")
    return "\n".join(lines)


def _post(args: argparse.Namespace) -> Any:
    from fengqiao.config.command import Refused
    from fengqiao.doors.imports.run import may_import
    from fengqiao.kernel.models import Post

    posts = Post.objects.select_related("account", "unit__place").order_by("pk")
    if args.post is not None:
        posts = posts.filter(pk=args.post)
    if args.user:
        posts = posts.filter(account__username=args.user)
    fit = [post for post in posts if may_import(post, args.kind)]
    if len(fit) == 1:
        return fit[0]
    if not fit:
        raise Refused("No such post may import. Name the hotline's supervisor with --user NAME or --post ID.")
    named = "\n".join(f"  --post {post.pk}  {post.account.username}, {post.unit.name}" for post in fit)
    raise Refused(f"Several posts may import. Say which:\n{named}")


def _progress(rows: int, total: int, seconds: float) -> None:
    print(f"{rows:,} of {total:,} rows, {rows / max(seconds, 0.001):,.0f}/s", file=sys.stderr, flush=True)
