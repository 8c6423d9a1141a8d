"""Settings of a shelf change under a condition, one by one, and readers of yesterday go on reading."""

import json

import pytest

from cloudshelf.chains.commit import init_shelf
from cloudshelf.codecs.envelope import seal
from cloudshelf.codecs.names import SHELF
from cloudshelf.errors import OutcomeUnknown, ShelfMissing, UsageError
from cloudshelf.repository import Repository
from cloudshelf.shelf_settings import change_settings, check_setting
from cloudshelf.stores.memory import MemoryStore

from .shelves import Interfering


def test_setting_and_taking_away_leaves_all_else():
    store = MemoryStore()
    identity = init_shelf(store, "ours")
    change_settings(store, {"request_url": "https://x/"})
    change_settings(store, {"usage_reports": "usage"})
    assert Repository(store).info().settings == {"request_url": "https://x/", "usage_reports": "usage"}
    change_settings(store, {"request_url": None})
    info = Repository(store).info()
    assert (info.id, info.name, info.settings) == (identity, "ours", {"usage_reports": "usage"})


def test_what_a_later_cloudshelf_wrote_beside_stays():
    store = MemoryStore()
    init_shelf(store, "ours")
    raw = json.loads(store.get(SHELF).partition(b"\n")[0]) | {"later": [1], "settings": {"later": {"a": 1}}}
    _, etag = store.get_tagged(SHELF)
    store.replace(SHELF, seal(json.dumps(raw, sort_keys=True, separators=(",", ":")).encode()), etag=etag)
    change_settings(store, {"request_url": "https://x/"})
    after = json.loads(store.get(SHELF).partition(b"\n")[0])
    assert after["later"] == [1] and after["settings"] == {"later": {"a": 1}, "request_url": "https://x/"}


class Contended(Interfering):
    def replace(self, key, data, *, etag):
        if key == SHELF and self.before:
            self.before.pop(0)()
        written = super().replace(key, data, etag=etag)
        if key == SHELF and self.lose_replies:
            self.lose_replies -= 1
            raise OutcomeUnknown(key, "connection reset")
        return written


def test_two_administrators_at_once_both_get_what_they_set():
    store = Contended()
    init_shelf(store, "ours")
    store.before = [lambda: change_settings(store, {"usage_reports": "usage"})]
    change_settings(store, {"request_url": "https://x/"})
    assert Repository(store).info().settings == {"request_url": "https://x/", "usage_reports": "usage"}


def test_a_lost_reply_is_found_out():
    store = Contended()
    init_shelf(store, "ours")
    store.lose_replies = 1
    assert change_settings(store, {"request_url": "https://x/"}) == {"request_url": "https://x/"}


def test_there_has_to_be_a_shelf():
    with pytest.raises(ShelfMissing):
        change_settings(MemoryStore(), {"request_url": "https://x/"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nothing", "x"),
        ("request-url", "javascript:x"),
        ("usage-reports", "projects"),
        ("usage-reports", "../up"),
        ("usage-reports", "a/b"),
        ("usage-reports", ""),
        ("usage-reports", "ftp://x/y"),
        ("usage-reports", "s3://user:secret@bucket/x"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(name, value):
    with pytest.raises(UsageError):
        check_setting(name, value)
