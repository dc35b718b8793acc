"""The API against its own description: nothing breaks, nothing undocumented comes back (schemathesis)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from django.test import Client
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig

from fengqiao.config.wsgi import application
from fengqiao.doors.api import description, urls
from fengqiao.offices.accounts import tokens
from tests import cast as people_of
from tests.conftest import default_connection_to, fresh_database
from tests.profile import examples

assert urls.urlpatterns, "the addresses are registered when they are imported"
EXAMPLES = examples(20)
# A schema cannot say which codes, places and numbers there are, nor which step may follow: those are 4xx, rightly.
UPLOAD = "POST /api/v1/matters/{number}/documents"
NOT_ASKED = {"positive_data_acceptance", "missing_required_header"}


def test_the_description_is_given_without_a_token() -> None:
    answer = Client().get("/api/v1/openapi.json")
    body = answer.json()
    assert body["openapi"].startswith("3.1")
    assert "/api/v1/matters/{number}/actions/{action}" not in body["paths"]


def test_each_kind_and_action_has_one_body(db: None) -> None:
    from fengqiao.kernel import domain

    paths = description.document("en")["paths"]
    for declared in domain.every():
        for move in declared.moves:
            body = paths[f"/api/v1/matters/{{number}}/actions/{move.key}"]["post"]["requestBody"]
            assert "schema" in body["content"]["application/json"]
    intake = paths["/api/v1/matters"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    kinds = [intake] if "$ref" in intake else intake["oneOf"]
    assert {each["$ref"].rpartition("_")[2] for each in kinds} == {each.key for each in domain.every()}


def test_every_reference_leads_somewhere(db: None) -> None:
    document = description.document("en")
    names = set(re.findall(r"#/components/schemas/([\w-]+)", json.dumps(document)))
    assert names <= set(document["components"]["schemas"])


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_page_lists_every_address_without_script(db: None, language: str) -> None:
    answer = Client().get("/api/v1/docs", headers={"Accept-Language": language})
    assert answer.status_code == 200
    page = answer.content.decode()
    for path in description.document("en")["paths"]:
        assert path in page
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    assert "<script>" not in page
    assert "Content-Security-Policy" in answer


# The whole sweep -----------------------------------------------------------------------------------------------------


# A stale or foreign ETag is refused before the body is looked at: 412 is a refusal too.
REFUSED = ["400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422", "428", "429"]
CONFIG = SchemathesisConfig.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": REFUSED}}})
schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application, config=CONFIG)


@dataclass(frozen=True)
class Stage:
    """What the sweep plays on: the token of a post that may do much, and an order to do it on."""

    token: str
    number: str


@pytest.fixture(scope="module")
def stage(django_db_blocker: Any) -> Iterator[Stage]:
    """A database of its own, with real commits."""
    with fresh_database() as database, django_db_blocker.unblock(), default_connection_to(database.name):
        cast = people_of.build()
        order = people_of.an_order(cast.chen)
        people_of.do(cast.chen, "hotline.dispatch", order, unit="water")
        yield Stage(tokens.make(cast.chen), order.number)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_nothing_breaks_and_nothing_undocumented_comes_back(case: Any, stage: Stage) -> None:
    # Three of four numbers are a real one; what was made up stays for the rest.
    if "number" in (case.path_parameters or {}) and crc32(str(case.path_parameters["number"]).encode()) % 4:
        case.path_parameters["number"] = stage.number
    # In a multipart form every value is text, so a wrong type is still a title.
    # In a query nothing, an empty object and a list are not what arrives: a list of one is that one.
    unsent = any(value in ({}, None) or isinstance(value, list) for value in (case.query or {}).values())
    left_out = NOT_ASKED | ({"negative_data_rejection"} if case.operation.label == UPLOAD or unsent else set())
    checks = [check for check in CHECKS.get_all() if check.__name__ not in left_out]
    case.call_and_validate(headers={"Authorization": f"Bearer {stage.token}"}, checks=checks)
