"""Settings refuse nonsense at the start, and need neither a database nor secrets to be read."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from fengqiao.config import environment


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
        ("FENGQIAO_METRICS_TOKEN", "short", "FENGQIAO_METRICS_TOKEN must be 20 characters or more"),
        ("FENGQIAO_METRICS_TOKEN", "two words of a long token", "of ASCII without spaces"),
        ("FENGQIAO_PROGRAM_ROLE", "a; drop", "FENGQIAO_PROGRAM_ROLE must be a plain role name"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(variable, value, sentence):
    assert sentence in read("PORT", **{variable: value})


@pytest.mark.parametrize("value", ["*", "the proxy", "10.0.0.1,", "10.0.0.1/33"])
def test_a_proxy_is_an_address_or_a_network(value):
    refused = read("FENGQIAO_PROXIES", FENGQIAO_ORIGIN="https://city.example", FENGQIAO_PROXIES=value)
    assert "FENGQIAO_PROXIES must list addresses or networks" in refused


def test_nobody_is_believed_without_an_origin():
    assert read("FENGQIAO_PROXIES", FENGQIAO_PROXIES="10.0.0.0/8") == "[]"
    assert "10.0.0.0/8" in read("FENGQIAO_PROXIES", FENGQIAO_ORIGIN="https://c.example", FENGQIAO_PROXIES="10.0.0.0/8")


WHO = """
import sys
from wsgiref.util import setup_testing_defaults
from fengqiao.config.wsgi import application
asked = {"REMOTE_ADDR": sys.argv[1], "PATH_INFO": "/healthz", "HTTP_X_FORWARDED_FOR": "9.9.9.9, 203.0.113.7, 10.0.0.2"}
setup_testing_defaults(asked)
list(application(asked, lambda status, headers: None))
print(asked["REMOTE_ADDR"])
"""


@pytest.mark.parametrize(
    ("origin", "comes_from", "is_taken_for"),
    [
        ("https://city.example", "127.0.0.1", "203.0.113.7"),
        ("https://city.example", "198.51.100.4", "198.51.100.4"),
        ("", "127.0.0.1", "127.0.0.1"),
    ],
    ids=["the proxy's word, as far as proxies are ours", "nobody else's word", "without an origin nobody's"],
)
def test_who_asks_is_told_by_our_proxies_alone(tmp_path, origin, comes_from, is_taken_for):
    more = {"FENGQIAO_ORIGIN": origin, "FENGQIAO_PROXIES": "127.0.0.1,10.0.0.0/8", "FENGQIAO_DATA": str(tmp_path)}
    more["DJANGO_SETTINGS_MODULE"] = "fengqiao.config.settings"
    done = subprocess.run(
        [sys.executable, "-c", WHO, comes_from], env=os.environ | more, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == is_taken_for, done.stderr


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


# Secrets by files -----------------------------------------------------------------------------------------------------


@pytest.fixture
def clean(monkeypatch):
    for name in environment.FROM_FILES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_secret_may_come_as_the_path_of_a_file(clean, tmp_path):
    file = tmp_path / "token"
    file.write_text("a-token-of-this-test-alone\n")
    clean.setenv("FENGQIAO_METRICS_TOKEN_FILE", str(file))
    environment.take_files()
    assert environment.token("FENGQIAO_METRICS_TOKEN") == "a-token-of-this-test-alone"
    assert "FENGQIAO_METRICS_TOKEN_FILE" not in os.environ, "what we start does not learn where it lies"
    clean.delenv("FENGQIAO_METRICS_TOKEN")


def test_a_file_that_is_missing_empty_or_one_too_many_is_refused(clean, tmp_path):
    empty = tmp_path / "empty"
    empty.touch()
    for path, sentence in ((tmp_path / "none", "cannot be read"), (empty, "is empty"), (tmp_path, "cannot be read")):
        clean.setenv("DATABASE_URL_FILE", str(path))
        with pytest.raises(ImproperlyConfigured, match=sentence):
            environment.take_files()
    clean.setenv("DATABASE_URL", "postgresql://a@b/c")
    clean.setenv("DATABASE_URL_FILE", str(empty))
    with pytest.raises(ImproperlyConfigured, match="Both DATABASE_URL and DATABASE_URL_FILE"):
        environment.take_files()


def test_a_command_says_so_in_one_sentence(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "fengqiao.config.command", "check"], check=False, capture_output=True, text=True,
        env={name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        | {"DATABASE_URL_FILE": str(tmp_path / "none")},
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("DATABASE_URL_FILE: ")
