"""A fetcher reports what is new since its last report, to each shelf its own, and never more than once."""

import pytest

from cloudshelf.chains.commit import init_shelf
from cloudshelf.codecs.lock import format_lock
from cloudshelf.codecs.usage import parse_report
from cloudshelf.errors import StoreUnreachable
from cloudshelf.fetcher.usage import UsageReports
from cloudshelf.model import Lock, Pin
from cloudshelf.shelf_settings import change_settings
from cloudshelf.stores.memory import MemoryStore


@pytest.fixture
def shelves():
    """Stores by URL: two shelves, of which the first asks for reports, and the place of those."""
    stores = {url: MemoryStore() for url in ("memory:a", "memory:b", "memory:a/usage")}
    for url in ("memory:a", "memory:b"):
        init_shelf(stores[url], url)
    change_settings(stores["memory:a"], {"usage_reports": "usage"})
    return stores


@pytest.fixture
def environment(tmp_path):
    """An environment with one of shelf a and two of shelf b; its folder."""

    def pin(project, shelf):
        return Pin(
            project, "1.0", "a" * 64, f"{project}-1.0-py3-none-any.whl", "b" * 64, 1, "", f"{'c' * 64}.0", shelf=shelf
        )

    pins = (pin("one", "memory:a"), pin("two", "memory:b"))
    lock = Lock("memory:a,memory:b", ("one", "two"), "3.11.7", "cpython-311", pins)
    (tmp_path / ".cloudshelf").mkdir()
    (tmp_path / ".cloudshelf/lock.toml").write_text(format_lock(lock))
    return str(tmp_path)


def numbers(environment, requests, received):
    row = {"requests": requests, "bytes": received, "files": 0, "placed": 0}
    return {environment: {"projects": {"one": row, "two": row}}}


def told(store):
    found = [parse_report(store.get(stored.key), stored.key) for stored in store.list("")]
    return sorted(
        (*key, count.environments, count.requests, count.bytes) for r in found for key, count in r.counts.items()
    )


def test_only_the_shelf_that_asks_is_told_and_only_of_its_own(shelves, environment):
    UsageReports(shelves.__getitem__).send(numbers(environment, 2, 300))
    assert told(shelves["memory:a/usage"]) == [("one", "1.0", 1, 2, 300)]
    assert not list(shelves["memory:b"].list("usage/"))


def test_a_second_report_has_what_came_since_the_first_and_without_news_there_is_none(shelves, environment):
    reports, place = UsageReports(shelves.__getitem__), shelves["memory:a/usage"]
    reports.send(numbers(environment, 2, 300))
    reports.send(numbers(environment, 2, 300))
    assert len(list(place.list(""))) == 1
    reports.send(numbers(environment, 3, 350))
    assert told(place) == [("one", "1.0", 1, 1, 50), ("one", "1.0", 1, 2, 300)]
    reports.note(environment)
    reports.send(numbers(environment, 3, 350))
    assert told(place)[0] == ("one", "1.0", 1, 0, 0)


def test_without_use_nothing_is_asked_of_any_shelf():
    def nobody(url):
        raise AssertionError(url)

    UsageReports(nobody).send({})


def test_what_cannot_be_told_is_no_error(shelves, environment, tmp_path):
    def broken(url):
        raise StoreUnreachable(url, "no route")

    UsageReports(broken).send(numbers(environment, 1, 1))
    reports = UsageReports(shelves.__getitem__)
    reports.note(str(tmp_path / "pruned"))
    reports.send({})
    assert not list(shelves["memory:a/usage"].list(""))
