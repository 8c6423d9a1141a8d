"""openapi.json describes what the handlers do: schemathesis asks a real server what the document allows, and more."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import missing_required_header, positive_data_acceptance

from cloudshelf_jupyter.server.openapi import make_document
from cloudshelf_jupyter.server.routes import ROUTES, Route
from tests.server.conftest import ODD
from tests.server.running import API, LOCK, TOKEN, Server

pytestmark = [pytest.mark.xdist_group("server"), pytest.mark.timeout(300)]

SCHEMA = schemathesis.openapi.from_dict(make_document("/"))
SCHEMA.config.update(base_url="http://127.0.0.1/")  # each case says where
bounded = settings(
    derandomize=True,
    max_examples=20,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
QUERY = {
    "listFiles": [{}, {"path": "site"}, {"path": "site/demo/data", "offset": 1, "limit": 1}],
    "showEntry": [{"path": "site"}, {"path": "site/demo/__init__.py"}],
    "readContent": [{"path": "site/demo/__init__.py"}, {"path": "site/demo/dot.png"}, {"path": f"site/demo/{ODD}"}],
    "diffVersions": [{"from": "1.0", "to": "2.0"}, {"from": "2.0", "to": "2.0"}],
    "listProjects": [{}, {"q": "demo"}, {"limit": 1, "offset": 1}],
}


@SCHEMA.parametrize()
@bounded
def test_whatever_is_asked_is_answered_as_the_document_says(case: Any, server: Server) -> None:
    # That a text is a lock no schema says.
    check(case, server, *([positive_data_acceptance] if case.method == "POST" else []))


@pytest.mark.parametrize("route", ROUTES, ids=[route.operation for route in ROUTES])
def test_what_is_there_is_answered_as_the_document_says(route: Route, server: Server) -> None:
    operation = SCHEMA[route.path][route.method.upper()]
    names = [each.name for each in route.parameters if each.place == "path"]
    values = {"shelf": server.shelf, "project": "demo", "version": "1.0", "name": "team/2026"}
    body = route.body and dict.fromkeys(route.body.__annotations__, LOCK)
    more = {"body": body, "media_type": "application/json"} if body else {}
    for query in QUERY.get(route.operation, [{}]):
        case = operation.Case(path_parameters={name: values[name] for name in names}, query=query, **more)
        assert check(case, server).status_code == 200


def test_the_server_sends_the_document_that_is_made_here(server: Server) -> None:
    assert server.ask("/openapi.json").json == make_document("/")


def test_the_document_has_every_route_and_no_other() -> None:
    document = make_document("/user/ann/")
    described = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert described == {(route.path, route.method) for route in ROUTES}
    assert document["servers"] == [{"url": f"/user/ann{API}"}]


def check(case: Any, server: Server, *excluded: Any) -> Any:
    return case.call_and_validate(
        base_url=f"{server.url.rstrip('/')}{API}",
        headers={"Authorization": f"token {TOKEN}"},
        excluded_checks=[
            *excluded,
            missing_required_header,
        ],  # it wants 401 without a token; Jupyter says 403 (test_access.py)
        timeout=60,
    )
