"""What ``publish --dry-run`` tells, what a policy refuses, and that neither writes anything."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudshelf.errors import PolicyRefused, UsageError
from cloudshelf.publisher.outcome import PublishReport
from cloudshelf.publisher.pip import IndexOptions
from cloudshelf.publisher.publish import PublishRequest, publish
from cloudshelf.render import to_text
from cloudshelf.repository import Repository
from cloudshelf.shelf import Shelf
from cloudshelf.shelf_settings import change_settings, check_setting
from cloudshelf.stores.counting import CountingStore
from cloudshelf.stores.opening import open_store
from cloudshelf.verbs import serve
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
    page = page_of(report)
    assert "Apache-2.0" in page and "1: GHSA-1 (high)" in page and "not known" in page and "none known" in page
    assert "would publish" in page and "Nothing was uploaded: this was a dry run. It would be" in page


def test_a_dry_run_counts_files_and_bytes_and_brings_no_wheel_for_it(
    shelf: CountingStore, index: Index, osv: str
) -> None:
    many = {f"big/{number}.py": b"x" * 10 for number in range(2_000)}  # a directory that is longer than the first tail
    build_wheel(index.folder, "big", "1.0", many)
    dry = PublishRequest(("demo", "big"), index=IndexOptions(index_url=index.url), osv=osv, dry_run=True)
    told = {row.project: row.facts for row in publish(dry, shelf).projects}
    real = publish(PublishRequest(("demo", "big"), index=IndexOptions(index_url=index.url)), shelf)
    for row in real.projects:
        with zipfile.ZipFile(index.folder / row.wheel) as wheel:
            sizes = [entry.file_size for entry in wheel.infolist()]
        facts = told[row.project]
        assert facts and (facts.files, facts.unpacked) == (len(sizes), sum(sizes))
    again = {row.project: row.facts for row in publish(dry, shelf).projects}
    assert all(facts and facts.files and facts.unpacked for facts in again.values())  # of what is there already


def test_what_a_dry_run_cannot_count_is_not_known_and_no_wheel_is_brought_to_count_it(
    shelf: CountingStore, index: Index, osv: str
) -> None:
    index.answers_ranges = False
    report = ask(shelf, index, osv, dry_run=True)
    assert all(row.facts and row.facts.files is None for row in report.projects)
    assert "It would be" not in page_of(report) and "not known" in page_of(report)


def page_of(report: PublishReport) -> str:
    result = plain(report) | {"notes": []}
    return to_text("publish", {**result, "projects": [{**row, "python": "3"} for row in result["projects"]]})


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


def set_policy(shelf: CountingStore, text: str | None) -> None:
    change_settings(shelf, {"publish_policy": None if text is None else check_setting("publish-policy", text)})


def test_the_policy_of_the_shelf_holds_for_every_publish_until_it_is_taken_away(
    shelf: CountingStore, index: Index, osv: str
) -> None:
    set_policy(shelf, POLICY)
    before = {stored.key for stored in shelf.list("")}
    with pytest.raises(PolicyRefused, match=r"the policy of the shelf refuses it.*\n.*GHSA-1|Apache-2\.0") as caught:
        ask(shelf, index, osv)
    assert {stored.key for stored in shelf.list("")} == before
    assert [*ask(shelf, index, osv, dry_run=True).refused] == [*caught.value.reasons]
    with pytest.raises(PolicyRefused):  # what a curator allows besides loosens nothing
        ask(shelf, index, osv, 'licenses_allowed = ["Apache-2.0", "MIT"]')
    set_policy(shelf, None)
    assert {row.action for row in ask(shelf, index, osv).projects} == {"published"}


def test_a_policy_that_a_curator_names_adds_to_that_of_the_shelf(shelf: CountingStore, index: Index, osv: str) -> None:
    set_policy(shelf, 'licenses_allowed = ["MIT"]')
    with pytest.raises(PolicyRefused) as caught:
        ask(shelf, index, osv, 'licenses_denied = ["MIT"]')
    said = str(caught.value)
    assert "the policy of the shelf and policy.toml refuses it" in said
    assert "demo 1.0 has the licence 'Apache-2.0'" in said and "base 1.0 has the licence 'MIT'" in said


def test_a_policy_of_the_shelf_that_asks_for_no_vulnerabilities_asks_nobody_for_them(
    shelf: CountingStore, index: Index
) -> None:
    set_policy(shelf, 'sources = ["index"]')
    assert {row.action for row in ask(shelf, index, "/there/is/no/such/file").projects} == {"published"}


@pytest.mark.parametrize("text", ["a_rule_of_tomorrow = 1", "min_age_days = 'x'", "nonsense"])
def test_a_policy_of_the_shelf_that_cannot_be_read_lets_nothing_through(
    shelf: CountingStore, index: Index, text: str
) -> None:
    change_settings(shelf, {"publish_policy": text})
    with pytest.raises(UsageError, match=r"policy of the shelf.* Nothing is published while that stands"):
        ask(shelf, index, "off")


def test_an_import_is_held_to_the_policy_of_the_shelf(shelf: CountingStore, index: Index, tmp_path: Path) -> None:
    ask(shelf, index, "off")
    other, bundle = f"file://{tmp_path}/other", str(tmp_path / "b.tar")
    serve("init", {"shelf": other}, lambda event: None)
    serve("export", {"shelf": shelf.url, "bundle": bundle, "all": True}, lambda event: None)
    policy = 'licenses_denied = ["Apache-2.0"]'
    serve("settings", {"shelf": other, "name": "publish-policy", "value": policy}, lambda event: None)
    before = {stored.key for stored in open_store(other).list("")}
    with pytest.raises(PolicyRefused, match=r"Apache-2\.0"):
        serve("import", {"shelf": other, "bundle": bundle}, lambda event: None)
    notes = serve("import", {"shelf": other, "bundle": bundle, "dry_run": True}, lambda event: None)["notes"]
    assert [note for note in notes if "refused by the policy of the shelf: demo 1.0 has the licence" in note]
    assert {stored.key for stored in open_store(other).list("")} == before
    serve("settings", {"shelf": other, "name": "publish-policy", "value": "off"}, lambda event: None)
    assert serve("import", {"shelf": other, "bundle": bundle}, lambda event: None)["uploaded"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no rule"),
        ("min_age = 7", "min_age, which is no rule; there are: licenses_allowed"),
        ("min_age_days = -1", "min_age_days cannot be -1"),
        ("=", "The policy of the shelf is not TOML"),
    ],
)
def test_a_policy_that_cannot_be_is_no_setting(shelf: CountingStore, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        serve("settings", {"shelf": shelf.url, "name": "publish-policy", "value": text}, lambda event: None)


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
