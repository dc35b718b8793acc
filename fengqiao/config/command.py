"""The command `fengqiao`: one file a sub-command in `fengqiao/config/commands/`, found by itself.

Each module has

    NAME = "audit verify"                    # one or more words
    HELP = "Verify the journal."
    NEEDS = "database"                       # the default; "settings": Django only; "nothing"
    def add_arguments(parser) -> None
    def run(args) -> dict | None             # the answer; {"ok": False, …} ends with 1
    def show(answer) -> str                  # optional: the answer for people

`--json` prints the answer as the one JSON object on standard output. A refusal is one sentence on standard error
and ends with 2. Without DATABASE_URL the embedded server of FENGQIAO_DATA is joined, or started, for the duration.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from fengqiao.config import commands, environment


class Refused(Exception):
    """A command cannot do what it is asked; its text is the sentence for the user."""


def main(arguments: list[str] | None = None) -> int:
    """Run one sub-command. Returns the exit code: 0 done, 1 the answer is no, 2 refused."""
    parser = build_parser()
    args = parser.parse_args(arguments)
    module: ModuleType | None = getattr(args, "module", None)
    if module is None:
        args.parser.print_help()
        return 2
    try:
        environment.take_files()
        return _run(module, args)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as problem:
        sentence = _sentence(problem)
        if sentence is None:
            raise
        print(sentence, file=sys.stderr)
        return 2


def build_parser() -> argparse.ArgumentParser:
    """The parser with every sub-command; modules are imported, Django is not set up."""
    parser = argparse.ArgumentParser(prog="fengqiao", description="Grassroots governance for one city.")
    parser.set_defaults(parser=parser)
    groups: dict[tuple[str, ...], Any] = {(): parser.add_subparsers(metavar="COMMAND")}
    leaves: dict[tuple[str, ...], argparse.ArgumentParser] = {}
    modules = [import_module(f"{commands.__name__}.{entry.name}") for entry in iter_modules(commands.__path__)]
    for module in sorted(modules, key=lambda module: str(module.NAME)):
        *path, last = module.NAME.split()
        for depth in range(1, len(path) + 1):
            key = tuple(path[:depth])
            if key in leaves and key not in groups:  # `backup` is a command and has commands below it
                groups[key] = leaves[key].add_subparsers(metavar="COMMAND")
            if key not in groups:
                group = groups[key[:-1]].add_parser(key[-1], help=f"{key[-1]} …")
                group.set_defaults(parser=group)
                groups[key] = group.add_subparsers(metavar="COMMAND")
        sub = groups[tuple(path)].add_parser(last, help=module.HELP, description=module.HELP)
        leaves[*path, last] = sub
        sub.add_argument("--json", action="store_true", help="print one JSON object")
        module.add_arguments(sub)
        sub.set_defaults(module=module, parser=sub)
    return parser


def _run(module: ModuleType, args: argparse.Namespace) -> int:
    with ExitStack() as stack:
        needs = getattr(module, "NEEDS", "database")
        if needs == "database":
            stack.enter_context(database())
        if needs in {"database", "settings"}:
            set_up_django()
        if args.json:
            with redirect_stdout(sys.stderr):
                answer = module.run(args)
            if answer is not None:
                print(json.dumps(answer, ensure_ascii=False, default=str), flush=True)
        else:
            answer = module.run(args)
            if answer is not None:
                print(module.show(answer) if hasattr(module, "show") else _plain(answer), flush=True)
    return 1 if answer and answer.get("ok") is False else 0


@contextmanager
def database() -> Iterator[None]:
    """See to it that DATABASE_URL leads to a database with its tables, for the duration."""
    if os.environ.get("DATABASE_URL"):
        yield
        return
    from fengqiao.config import folders, migrate, roles, secrets
    from fengqiao.config.backup import unfinished
    from fengqiao.config.server import EmbeddedServer, database_home

    data = folders.data_folder()
    if (sentence := unfinished.sentence(data)) is not None:
        raise Refused(sentence)
    folders.prepare(data)
    secrets.ensure(data)
    with EmbeddedServer(database_home(data)) as server:
        if not migrate.has_tables(server.url(roles.PROGRAM)):
            migrate.in_own_process(server.url(roles.OWNER))
        os.environ["DATABASE_URL"] = server.url(roles.PROGRAM)
        try:
            yield
        finally:
            _close_connections()
            del os.environ["DATABASE_URL"]


def set_up_django() -> None:
    """Set Django up once, with our settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fengqiao.config.settings")
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()


def _close_connections() -> None:
    from django.conf import settings

    if settings.configured:
        from django.db import connections

        connections.close_all()


def _plain(answer: dict[str, Any]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in answer.items())


def _sentence(problem: Exception) -> str | None:
    """The sentence of an expected refusal; None for a fault of the program, which keeps its traceback."""
    from django.core.exceptions import ImproperlyConfigured
    from psycopg.errors import UndefinedColumn, UndefinedTable

    from fengqiao.config import backup, binaries, dump, migrate, os_user, roles, secrets, server, supervisor
    from fengqiao.doors.outages import outage_of
    from fengqiao.ground import refusals
    from fengqiao.ground.refusals import Away
    from fengqiao.kernel.keys import KeyMissing

    expected = (
        Refused, refusals.Refused, ImproperlyConfigured, KeyMissing, secrets.BadSecret, server.ServerFailed,
        binaries.NoBinaries, os_user.NoOsUser, migrate.MigrationFailed, roles.UnfitRole, dump.DumpFailed,
        supervisor.CannotStart, backup.BackupFailed, backup.RestoreFailed,
    )  # fmt: skip
    if isinstance(problem, KeyMissing):
        return str(problem.args[0])
    if isinstance(problem, expected):
        return str(problem)
    if isinstance(problem.__cause__, UndefinedTable | UndefinedColumn) and _not_migrated():
        return "The database has not the tables of this release: run `fengqiao migrate` with FENGQIAO_OWNER_URL first."
    outage = outage_of(problem)
    if isinstance(outage, Away):
        return f"The database does not answer: {(str(problem).strip() or repr(problem)).splitlines()[0]}"
    return str(outage) if outage else None


def _not_migrated() -> bool:
    """Whether migrations are missing; else a table that is not there is a fault of the program."""
    from django.db import DatabaseError

    from fengqiao.config import checks

    try:
        return bool(checks.migrations())
    except DatabaseError:
        return False


if __name__ == "__main__":
    # Under its own name, so that a Refused raised by a sub-command is the Refused that is caught here.
    sys.exit(import_module("fengqiao.config.command").main())
