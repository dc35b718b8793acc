"""The command `fengqiao`: found by itself, one JSON object, one sentence when refused."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from django.db import ProgrammingError, connection

from fengqiao.config import command, commands, roles
from fengqiao.kernel.keys import NAMES
from tests.conftest import test_server as server_of_tests


def fengqiao(*arguments, **environment):
    clean = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    return subprocess.run(
        [sys.executable, "-m", "fengqiao.config.command", *arguments],
        env=clean | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def module(name, run, needs="nothing", **more):
    return SimpleNamespace(NAME=name, HELP=name, NEEDS=needs, add_arguments=lambda parser: None, run=run, **more)


@pytest.fixture
def only(monkeypatch):
    """Let the command know these modules only."""

    def use(*modules):
        names = {f"{commands.__name__}.{index}": entry for index, entry in enumerate(modules)}
        monkeypatch.setattr(
            command, "iter_modules", lambda path: [SimpleNamespace(name=n.split(".")[-1]) for n in names]
        )
        monkeypatch.setattr(command, "import_module", lambda name: names[name])

    return use


def test_every_sub_command_has_help_and_json():
    parser = command.build_parser()
    found = []

    def walk(node):
        for action in node._actions:
            if hasattr(action, "choices") and isinstance(action.choices, dict):
                for child in action.choices.values():
                    walk(child)
        if node.get_default("module"):
            found.append(node)
            assert "--json" in node.format_help()
            assert node.description

    walk(parser)
    assert {node.get_default("module").NAME for node in found} >= {"up", "migrate", "check", "keys rotate"}


def test_json_prints_one_object_and_keeps_what_the_command_says_apart(only, capsys):
    def run(args):
        print("chatter")
        return {"word": "字"}

    only(module("two words", run))
    assert command.main(["two", "words", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"word": "字"}
    assert err == "chatter\n"


def test_an_answer_of_no_ends_with_one(only, capsys):
    only(module("asks", lambda args: {"ok": False}, show=lambda answer: "not in order"))
    assert command.main(["asks"]) == 1
    assert capsys.readouterr().out == "not in order\n"


def test_a_refusal_is_one_sentence_and_ends_with_two(only, capsys):
    def run(args):
        raise command.Refused("There is no such thing.")

    only(module("asks", run))
    assert command.main(["asks", "--json"]) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", "There is no such thing.\n")


def test_a_fault_of_the_program_keeps_its_traceback(only):
    def run(args):
        return {}["missing"]

    only(module("breaks", run))
    with pytest.raises(KeyError):
        command.main(["breaks"])


def test_a_group_without_its_second_word_shows_its_help(capsys):
    assert command.main(["keys"]) == 2
    assert "rotate" in capsys.readouterr().out


def test_keys_are_listed_and_rotated_without_ever_being_shown(short_folder):
    environment = {name: "" for name in os.environ if name.startswith("FENGQIAO_KEY_")} | {
        "FENGQIAO_DATA": str(short_folder)
    }
    from fengqiao.config import secrets

    made = secrets.ensure(short_folder, {})
    done = fengqiao("keys", "rotate", "journal", "--json", **environment)
    assert done.returncode == 0, done.stderr
    rotated = json.loads(done.stdout)
    listed = fengqiao("keys", "list", "--json", **environment).stdout
    assert json.loads(listed)["journal"] == [rotated["id"], made["journal"][0].id]
    assert set(json.loads(listed)) == set(NAMES)
    assert secrets.as_text(made["data"]).split(":")[1] not in listed
    done = fengqiao("keys", "rotate", "hash", **environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("2 keys in all. 0 matters are looked up by it now.\n")
    given = environment | {"FENGQIAO_KEY_HASH": secrets.as_text(made["hash"])}
    refused = fengqiao("keys", "rotate", "hash", **given)
    assert refused.returncode == 2
    assert "comes from FENGQIAO_KEY_HASH" in refused.stderr


def test_an_external_database_without_its_owner_is_not_migrated(own_database):
    done = fengqiao("migrate", DATABASE_URL=own_database.url)
    assert done.returncode == 2
    assert done.stderr == "Migrations run as the owner's role: set FENGQIAO_OWNER_URL beside DATABASE_URL.\n"


def test_a_database_that_does_not_answer_is_told_in_one_sentence():
    done = fengqiao("check", DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert done.returncode == 2
    assert done.stderr.startswith("The database does not answer: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [("check",), ("audit", "verify")])
def test_a_database_without_tables_is_told_in_one_sentence(arguments):
    server, name = server_of_tests(), f"bare_{os.getpid()}"
    server.create_database(name)
    try:
        done = fengqiao(*arguments, DATABASE_URL=server.url(roles.PROGRAM, name))
    finally:
        server.drop_database(name)
    assert done.returncode == 2
    assert done.stderr.endswith("run `fengqiao migrate` with FENGQIAO_OWNER_URL first.\n")
    assert done.stderr.count("\n") == 1


def test_in_a_migrated_database_a_table_that_is_not_there_is_a_fault_with_its_traceback(only, own_database):
    def run(args):
        with connection.cursor() as cursor:
            cursor.execute("select 1 from nothing_of_that_name")

    only(module("breaks", run))
    with pytest.raises(ProgrammingError):
        command.main(["breaks"])


def test_check_finds_all_in_order_and_tells_what_is_not(own_database):
    done = fengqiao("check", "--json", DATABASE_URL=own_database.url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["ok"] is True
    done = fengqiao("check", DATABASE_URL=own_database.owner_url)
    assert done.returncode == 1
    assert "owns tables" in done.stdout


def test_a_command_on_a_fresh_folder_makes_the_database_and_leaves_no_server_behind(short_folder):
    environment = {name: "" for name in os.environ if name.startswith("FENGQIAO_KEY_")}
    done = fengqiao("check", "--json", FENGQIAO_DATA=str(short_folder / "data"), **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (short_folder / "data/database/data/postmaster.pid").exists()
