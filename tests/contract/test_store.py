"""What every store promises, once, over all of them: memory, a folder, S3 (SeaweedFS, moto)."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from cloudshelf.errors import Conflict, ObjectInvalid, ObjectMissing
from cloudshelf.stores.counting import CountingStore
from cloudshelf.stores.opening import open_store
from cloudshelf.stores.protocols import Store
from tests.ranges import read_range
from tests.servers import S3Server

T = TypeVar("T")
KEY = "projects/numpy/head"


@pytest.fixture(params=["memory", "local", "s3", "moto", "counting"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    match request.param:
        case "memory":
            yield open_store("memory:")
        case "local":
            yield open_store(str(tmp_path / "shelf"))
        case "counting":
            yield CountingStore(open_store("memory:"))
        case kind:
            server: S3Server = request.getfixturevalue("seaweed_server" if kind == "s3" else "moto_server")
            yield open_store(f"{server.url}/{uuid.uuid4().hex}", environ=server.environ())


def race(attempts: int, act: Callable[[int], T]) -> list[T | Conflict]:
    """``act(0)`` … ``act(attempts - 1)`` at the same moment; what each returned, or its Conflict."""
    barrier = threading.Barrier(attempts)

    def attempt(number: int) -> T | Conflict:
        barrier.wait(30)
        try:
            return act(number)
        except Conflict as conflict:
            return conflict

    with ThreadPoolExecutor(attempts) as pool:
        return list(pool.map(attempt, range(attempts)))


def test_what_was_put_is_got(store: Store) -> None:
    store.put_new(KEY, b"one\x00two")
    assert store.get(KEY) == b"one\x00two"


def test_what_did_not_change_is_not_sent_again(store: Store) -> None:
    store.put_new(KEY, b"one")
    _, etag = store.get_tagged(KEY)
    assert store.get_changed(KEY, etag) is None
    store.replace(KEY, b"two", etag=etag)
    data, newer = store.get_changed(KEY, etag) or (b"", "")
    assert data == b"two" and newer not in ("", etag)
    assert store.get_changed(KEY, newer) is None


def test_what_was_never_seen_is_sent_and_what_is_not_there_is_missing(store: Store) -> None:
    with pytest.raises(ObjectMissing):
        store.get_changed(KEY, "")
    store.put_new(KEY, b"one")
    assert (store.get_changed(KEY, "") or (b"", ""))[0] == b"one"


def test_an_empty_object_is_an_object(store: Store) -> None:
    store.put_new(KEY, b"")
    assert store.get(KEY) == b""
    assert store.get_tagged(KEY)[0] == b""


def test_a_large_object_comes_back_whole(store: Store) -> None:
    data = bytes(range(256)) * (40 * 1024)  # 10 MiB: more than one multipart chunk or SeaweedFS chunk
    store.put_new("projects/torch/pack/large", data)
    assert store.get("projects/torch/pack/large") == data
    assert read_range(store, "projects/torch/pack/large", start=8_388_600, length=100) == data[8_388_600:8_388_700]


@pytest.mark.parametrize("verb", ["get", "get_tagged", "stream_range"])
def test_reading_what_is_not_there_is_missing(store: Store, verb: str) -> None:
    store.put_new("projects/numpy/other", b"1")
    read: dict[str, Callable[[], object]] = {
        "get": lambda: store.get(KEY),
        "get_tagged": lambda: store.get_tagged(KEY),
        "stream_range": lambda: read_range(store, KEY, start=0, length=1),
    }
    with pytest.raises(ObjectMissing) as caught:
        read[verb]()
    assert caught.value.key == KEY
    assert caught.value.store == store.url


def test_a_folder_is_not_an_object(store: Store) -> None:
    store.put_new(KEY, b"1")
    with pytest.raises(ObjectMissing):
        store.get("projects/numpy")


def test_put_new_never_replaces(store: Store) -> None:
    store.put_new(KEY, b"first")
    with pytest.raises(Conflict):
        store.put_new(KEY, b"second")
    assert store.get(KEY) == b"first"


def test_replace_with_the_current_etag_replaces(store: Store) -> None:
    store.put_new(KEY, b"first")
    _, etag = store.get_tagged(KEY)
    new = store.replace(KEY, b"second", etag=etag)
    assert store.get_tagged(KEY) == (b"second", new)
    assert store.replace(KEY, b"third", etag=new) != new


def test_replace_with_an_older_etag_is_a_conflict(store: Store) -> None:
    store.put_new(KEY, b"first")
    _, etag = store.get_tagged(KEY)
    store.replace(KEY, b"second", etag=etag)
    with pytest.raises(Conflict):
        store.replace(KEY, b"third", etag=etag)
    assert store.get(KEY) == b"second"


def test_replace_without_etag_creates_and_only_creates(store: Store) -> None:
    etag = store.replace(KEY, b"first", etag=None)
    assert store.get_tagged(KEY) == (b"first", etag)
    with pytest.raises(Conflict):
        store.replace(KEY, b"second", etag=None)
    assert store.get(KEY) == b"first"


def test_replacing_what_is_gone_is_a_conflict(store: Store) -> None:
    store.put_new(KEY, b"first")
    _, etag = store.get_tagged(KEY)
    store.delete(KEY)
    with pytest.raises(Conflict):
        store.replace(KEY, b"second", etag=etag)
    with pytest.raises(ObjectMissing):
        store.get(KEY)


@pytest.mark.parametrize(("start", "length"), [(0, 1), (0, 10), (3, 4), (9, 1), (2, 0)])
def test_a_range_is_exact(store: Store, start: int, length: int) -> None:
    store.put_new(KEY, b"0123456789")
    assert read_range(store, KEY, start=start, length=length) == b"0123456789"[start : start + length]


@pytest.mark.parametrize(("start", "length"), [(0, 11), (9, 2), (10, 1), (20, 5), (-1, 2), (0, -1), (0, 1 << 40)])
def test_a_range_that_the_object_does_not_have_is_invalid(store: Store, start: int, length: int) -> None:
    store.put_new(KEY, b"0123456789")
    with pytest.raises(ObjectInvalid):
        read_range(store, KEY, start=start, length=length)


def test_listing_names_every_object_of_a_prefix_with_its_size(store: Store) -> None:
    for key in ("projects/a/head", "projects/a/pack/1", "projects/ab/head", "projects/b/head"):
        store.put_new(key, key.encode())
    assert [(s.key, s.size) for s in store.list("projects/a/")] == [("projects/a/head", 15), ("projects/a/pack/1", 17)]
    assert {s.key for s in store.list("projects/a")} == {"projects/a/head", "projects/a/pack/1", "projects/ab/head"}
    assert len(list(store.list(""))) == 4
    assert list(store.list("projects/c/")) == []


def test_a_listing_goes_beyond_one_page(store: Store) -> None:
    keys = [f"catalog/{n:04}" for n in range(1050)]  # S3 lists 1,000 at a time
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: store.put_new(key, b""), keys))
    assert [s.key for s in store.list("catalog/")] == keys


def test_modified_is_seconds_of_the_stores_clock(store: Store) -> None:
    store.put_new("a", b"1")
    store.put_new("b", b"1")
    first, second = store.list("")
    assert 0 <= second.modified - first.modified < 300


def test_what_was_deleted_is_missing_and_deleting_again_is_no_error(store: Store) -> None:
    store.put_new(KEY, b"1")
    store.delete(KEY)
    store.delete(KEY)
    store.delete("projects/never/there")
    with pytest.raises(ObjectMissing):
        store.get(KEY)
    assert list(store.list("")) == []


@pytest.mark.parametrize(
    "key",
    ["", "/", "/etc/passwd", "../x", "a/../../x", "a//b", "a/./b", "a/", "a\0b", "a\\b", ".new", "a/.x.lock", "ä"],
)
def test_a_key_that_could_leave_the_root_is_refused_by_every_verb(store: Store, key: str) -> None:
    verbs: list[Callable[[], object]] = [
        lambda: store.get(key),
        lambda: store.get_tagged(key),
        lambda: read_range(store, key, start=0, length=1),
        lambda: store.put_new(key, b"1"),
        lambda: store.replace(key, b"1", etag="x"),
        lambda: store.delete(key),
    ]
    for verb in verbs:
        with pytest.raises(ObjectInvalid):
            verb()


def test_of_many_creators_one_wins(store: Store) -> None:
    results = race(8, lambda n: store.put_new(KEY, str(n).encode()))
    winners = [n for n, result in enumerate(results) if not isinstance(result, Conflict)]
    assert len(winners) == 1
    assert store.get(KEY) == str(winners[0]).encode()


def test_of_many_replacers_of_one_etag_one_wins(store: Store) -> None:
    """The canary: commits are lost silently on a server that lets two conditional writers win."""
    etag = store.replace(KEY, b"begin", etag=None)
    for _ in range(5):
        before = etag
        results = race(6, lambda n, before=before: store.replace(KEY, uuid.uuid4().bytes, etag=before))  # type: ignore[misc]
        winners = [result for result in results if not isinstance(result, Conflict)]
        assert len(winners) == 1
        etag = winners[0]
        assert store.get_tagged(KEY)[1] == etag


def test_increments_under_contention_are_all_kept(store: Store) -> None:
    store.put_new(KEY, b"0")

    def increment(_: int) -> None:
        while True:
            data, etag = store.get_tagged(KEY)
            try:
                store.replace(KEY, str(int(data) + 1).encode(), etag=etag)
            except Conflict:
                continue
            return

    race(6, increment)
    assert store.get(KEY) == b"6"


def test_the_url_opens_the_same_store_again(store: Store, request: pytest.FixtureRequest) -> None:
    if store.url.startswith("memory:"):
        pytest.skip("a memory store ends with its object")
    store.put_new(KEY, b"1")
    kind = "moto_server" if "moto" in request.node.name else "seaweed_server"
    server: S3Server = request.getfixturevalue(kind)
    assert open_store(store.url, environ=server.environ()).get(KEY) == b"1"


def test_of_many_more_replacers_one_wins_on_moto(moto_server: S3Server) -> None:
    """The same canary for the server of the large contention suites; SeaweedFS takes seconds a round for this many."""
    store = open_store(f"{moto_server.url}/{uuid.uuid4().hex}", environ=moto_server.environ())
    etag = store.replace(KEY, b"begin", etag=None)
    for _ in range(3):
        before = etag
        results = race(32, lambda n, before=before: store.replace(KEY, uuid.uuid4().bytes, etag=before))  # type: ignore[misc]
        winners = [result for result in results if not isinstance(result, Conflict)]
        assert len(winners) == 1
        etag = winners[0]
