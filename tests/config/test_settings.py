"""Settings refuse nonsense at the start, and need neither a database nor secrets to be read."""

import os
import subprocess
import sys

import pytest


def read(name, **environment):
    """The setting `name` in a fresh process, or the last line of its refusal."""
    clean = {key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "PORT"}}
    code = f"from fengqiao.config import settings; print(repr(settings.{name}))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=clean | environment, capture_output=True, text=True, check=False
    )
    return (done.stdout or done.stderr).strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("PORT", "eighty", "PORT must be a number from 1 to 65535, not 'eighty'."),
        ("PORT", "70000", "PORT must be a number from 1 to 65535, not '70000'."),
        ("FENGQIAO_DEMO", "yes", "FENGQIAO_DEMO must be 1 or 0, not 'yes'."),
        ("DATABASE_URL", "mysql://a@b/c", "DATABASE_URL must look like postgresql://role:password@host:5432/database."),
        ("DATABASE_URL", "postgresql://localhost/x", "DATABASE_URL must look like"),
        ("DATABASE_URL", "postgresql://a@b:port/c", "DATABASE_URL is no address"),
        ("FENGQIAO_SAMPLES", "/dev/null", "FENGQIAO_SAMPLES must name a folder"),
        ("FENGQIAO_PROGRAM_ROLE", "a; drop", "FENGQIAO_PROGRAM_ROLE must be a plain role name"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(variable, value, sentence):
    assert sentence in read("PORT", **{variable: value})


def test_a_fresh_folder_without_database_and_secrets_can_be_read(tmp_path):
    secretless = {name: "" for name in os.environ if name.startswith("FENGQIAO_KEY_")}
    assert read("SECRET_KEY", FENGQIAO_DATA=str(tmp_path / "none"), **secretless) == "''"
    assert not (tmp_path / "none").exists()


def test_an_address_is_taken_apart_with_its_password_and_socket():
    url = "postgresql://role:p%40ss@/name?host=%2Frun%2Fpg&sslmode=prefer"
    shown = read("DATABASES['default']", DATABASE_URL=url)
    for part in ("'USER': 'role'", "'PASSWORD': 'p@ss'", "'HOST': '/run/pg'", "'sslmode': 'prefer'", "'NAME': 'name'"):
        assert part in shown


def test_the_owners_address_gives_no_second_database():
    assert read("DATABASES.keys()", FENGQIAO_OWNER_URL="postgresql://o@h/d") == "dict_keys(['default'])"


def test_behind_https_cookies_are_secure_and_other_hosts_refused():
    assert read("SESSION_COOKIE_SECURE", FENGQIAO_ORIGIN="https://city.example") == "True"
    assert "city.example" in read("ALLOWED_HOSTS", FENGQIAO_ORIGIN="https://city.example")
    assert "*" not in read("ALLOWED_HOSTS", FENGQIAO_ORIGIN="https://city.example")
