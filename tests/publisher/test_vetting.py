"""What ``publish --dry-run`` tells, what a policy refuses, and that neither writes anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudshelf.errors import PolicyRefused
from cloudshelf.publisher.outcome import PublishReport
from cloudshelf.publisher.pip import IndexOptions
from cloudshelf.publisher.publish import PublishRequest, publish
from cloudshelf.render import to_text
from cloudshelf.repository import Repository
from cloudshelf.shelf import Shelf
from cloudshelf.stores.counting import CountingStore
from cloudshelf.verbs.common import plain
from cloudshelf.vetting.policy import parse_policy

from .conftest import Publish
from .indexes import Index, serving
from .wheels import build_wheel

OLD = "2020-01-01T00:00:00Z"
RECORD = {
    "id": "GHSA-1",
    "summary": "it leaks",
    "database_specific": {"severity": "HIGH"},
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "demo"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}],
        }
    ],
}


@pytest.fixture(autouse=True)
def only_this_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip without this machine's configuration."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """demo 1.0 (old, of an SPDX licence, with a flaw) needs base 1.0, of which nobody knows anything."""
    with serving(tmp_path / "index") as index:
        wheel = build_wheel(index.folder, "demo", "1.0", requires=["base"], more="License-Expression: Apache-2.0\n")
        build_wheel(index.folder, "base", "1.0")
        index.uploaded[wheel.name] = OLD
        yield index


@pytest.fixture
def osv(tmp_path: Path) -> str:
    path = tmp_path / "osv.json"
    path.write_text(json.dumps([RECORD]))
    return str(path)


def ask(shelf: CountingStore, index: Index, osv: str, policy: str = "", *, dry_run: bool = False) -> PublishReport:
    rules = parse_policy(policy, "policy.toml") if policy else None
    options = IndexOptions(index_url=index.url)
    return publish(PublishRequest(("demo",), index=options, policy=rules, osv=osv, dry_run=dry_run), shelf)


def test_a_dry_run_tells_licence_age_size_and_vulnerabilities_and_writes_nothing(
    shelf: CountingStore, index: Index, osv: str
) -> None:
    counting = CountingStore(shelf)
    report = ask(counting, index, osv, dry_run=True)
    assert counting.counts.sent == 0 and counting.counts.requests.keys() <= {"get", "get_tagged", "list"}
    base, demo = (row.facts for row in report.projects)
    assert demo and (demo.license, demo.source) == ("Apache-2.0", "index")
    assert demo.age and demo.age > 2000
    assert demo.vulnerabilities and [str(each) for each in demo.vulnerabilities] == ["GHSA-1 (high)"]
    assert base and (base.age, base.vulnerabilities, base.license) == (None, (), "MIT")
    result = plain(report) | {"notes": []}
    page = to_text("publish", {**result, "projects": [{**row, "python": "3"} for row in result["projects"]]})
    assert "Apache-2.0" in page and "1: GHSA-1 (high)" in page and "not known" in page and "none known" in page
    assert "would publish" in page and "Nothing was uploaded: this was a dry run." in page


def test_what_is_there_already_is_told_beside_what_would_be_new(
    shelf: CountingStore, index: Index, osv: str, put: Publish
) -> None:
    put(build_wheel(index.folder, "base", "1.0"))
    report = ask(shelf, index, osv, dry_run=True)
    assert [(row.project, row.action) for row in report.projects] == [("base", "present"), ("demo", "would publish")]


POLICY = 'licenses_allowed = ["MIT"]\nmin_age_days = 7\nmax_severity = "medium"'


def test_a_policy_refuses_before_anything_is_uploaded_and_says_every_reason(
    shelf: CountingStore, index: Index, osv: str
) -> None:
    before = {stored.key for stored in shelf.list("")}
    with pytest.raises(PolicyRefused) as caught:
        ask(shelf, index, osv, POLICY)
    assert {stored.key for stored in shelf.list("")} == before
    said = str(caught.value)
    for reason in ("demo 1.0 has the licence 'Apache-2.0'", "GHSA-1 (high), fixed in 1.1", "base 1.0 has to be 7 days"):
        assert reason in said
    assert [*ask(shelf, index, osv, POLICY, dry_run=True).refused] == [*caught.value.reasons]


def test_a_policy_that_is_kept_lets_it_be_published(shelf: CountingStore, index: Index, osv: str) -> None:
    report = ask(shelf, index, osv, 'licenses_denied = ["GPL-3.0-only"]\nsources = ["index"]')
    assert {row.action for row in report.projects} == {"published"}


def test_what_is_there_already_is_no_matter_of_a_policy(shelf: CountingStore, index: Index, osv: str) -> None:
    ask(shelf, index, "off")
    assert {row.action for row in ask(shelf, index, osv, POLICY).projects} == {"present"}


def test_the_time_of_the_upload_stays_with_the_release(shelf: CountingStore, index: Index) -> None:
    ask(shelf, index, "off")
    (wheel,) = Repository(shelf).release("demo", "1.0").wheels
    assert wheel.released == OLD
    assert Shelf(shelf).show("demo").released == OLD and Shelf(shelf).show("base").released == ""


def test_an_index_that_speaks_html_only_leaves_the_age_unknown(shelf: CountingStore, index: Index, osv: str) -> None:
    index.speaks_json = False
    rows = ask(shelf, index, osv, dry_run=True).projects
    assert all(row.facts and row.facts.age is None for row in rows)


def test_provenance_can_be_required(shelf: CountingStore, index: Index) -> None:
    with pytest.raises(PolicyRefused, match="no attestation"):
        ask(shelf, index, "off", "require_provenance = true")
    for name in ("demo-1.0-py3-none-any.whl", "base-1.0-py3-none-any.whl"):
        index.provenance[name] = f"/integrity/{name}"
    assert not ask(shelf, index, "off", "require_provenance = true", dry_run=True).refused
