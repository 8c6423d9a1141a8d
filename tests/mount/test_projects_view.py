"""What ``projects/`` promises: every version that one may read, from few requests, and nothing that one may not see."""

from __future__ import annotations

import gc
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cloudshelf.chains.commit import Change, change_head, init_shelf
from cloudshelf.codecs.names import head_key
from cloudshelf.environment.prune import prune_environments
from cloudshelf.errors import (
    AccessDenied,
    Blocked,
    NoGrant,
    ObjectInvalid,
    StoreUnreachable,
)
from cloudshelf.fetcher.blobs import BlobCache
from cloudshelf.fetcher.recalled import Recalled
from cloudshelf.fetcher.transfer import Transfer
from cloudshelf.model import Entry as Version
from cloudshelf.mount import offers, projects_view
from cloudshelf.mount.contents import Contents, WholeFile
from cloudshelf.mount.projects_view import ProjectsView
from cloudshelf.recall.blocking import block
from cloudshelf.recall.machine import Renewal
from cloudshelf.shelf import Shelf
from cloudshelf.stores.counting import CountingStore, Counts
from cloudshelf.stores.local import LocalStore
from cloudshelf.stores.memory import MemoryStore
from cloudshelf.stores.opening import open_store
from cloudshelf.stores.protocols import Store
from tests.mount.shelves import Wheel, put
from tests.repository.shelves import make_wheel, publish, put_version

LARGE = bytes(range(256)) * 100
DEMO = Wheel(
    "demo",
    files={"site/demo/__init__.py": b"x = 1\n", "site/demo/data/large.bin": LARGE, "site/demo/empty.txt": b""},
    inline={"site/demo-1.0.dist-info/METADATA": b"Name: demo\n", "scripts/demo": b"#!python\nprint(1)\n"},
    modes={"scripts/demo": 0o755},
    large=10_000,
)


class Faulty:
    """A store that denies, or does not answer, as long as a test wants."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.url = store.url
        self.denied: tuple[str, ...] = ()  # beginnings of keys
        self.is_out = False

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._store, name)

        def ask(key: str, *words: Any, **more: Any) -> Any:
            if self.is_out:
                raise StoreUnreachable(self.url, "the cable is out")
            if self.denied and key.startswith(self.denied):
                raise AccessDenied(key, self.url)
            return verb(key, *words, **more)

        return ask


class Drive:
    """A mounted drive without a mount."""

    def __init__(self, cache: Path, *stores: Any) -> None:
        self.faulty = [Faulty(store) for store in stores]
        self.stores = [CountingStore(faulty) for faulty in self.faulty]
        self.cache = cache
        self.shelf = Shelf(*self.stores, cache=cache)
        self.transfer = Transfer(BlobCache(cache))
        self.recalled = Recalled(cache, lambda shelf: None)
        self.contents = Contents(self.transfer, self.recalled)
        self.view = ProjectsView(self.shelf, cache, self.contents)

    def list(self, path: str = "") -> list[str]:
        return sorted(name for name, _ in self.view.names(path))

    def find(self, path: str) -> dict[str, int]:
        """find(1) and du(1): every file below with its size."""
        found: dict[str, int] = {}
        for name, entry in self.view.names(path):
            assert self.view.entry(f"{path}/{name}") == entry
            if entry.kind == "d":
                found |= self.find(f"{path}/{name}")
            else:
                found[f"{path}/{name}"] = entry.size
        return found

    def read(self, path: str) -> bytes:
        file = self.view.open(path)
        entry = self.view.entry(path)
        assert entry is not None
        try:
            return b"".join(file.read(at, 4096) for at in range(0, entry.size + 1, 4096))
        finally:
            file.close()

    def counts(self) -> Counts:
        [store] = self.stores
        return store.counts

    def requests(self, action: Callable[[], object]) -> dict[str, int]:
        before = self.counts()
        action()
        return dict(self.counts().since(before).requests)

    def close(self) -> None:
        self.contents.close()
        self.transfer.close()


@pytest.fixture(params=["memory", "local", "seaweed"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A shelf with the project ``demo``."""
    if request.param == "memory":
        made: Store = MemoryStore()
    elif request.param == "local":
        made = LocalStore(tmp_path / "shelf")
    else:
        server = request.getfixturevalue("seaweed_server")
        made = open_store(f"{server.url}/{uuid.uuid4().hex}", environ=server.environ())
    init_shelf(made, "demo")
    put(made, DEMO)
    return made


@pytest.fixture
def memory() -> MemoryStore:
    made = MemoryStore()
    init_shelf(made, "demo")
    put(made, DEMO)
    return made


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[..., Drive]]:
    made: list[Drive] = []

    def mount(*stores: Any, cache: str = "cache") -> Drive:
        made.append(Drive(tmp_path / cache, *stores))
        return made[-1]

    yield mount
    for drive in made:
        drive.close()


def test_a_shelf_is_browsed_and_read(store: Store, mounted: Any) -> None:
    drive = mounted(store)
    assert drive.list() == ["demo"]
    assert drive.list("demo") == ["1.0"]
    assert drive.list("demo/1.0") == ["bin", "demo", "demo-1.0.dist-info"]
    assert drive.read("demo/1.0/demo/__init__.py") == b"x = 1\n"
    assert drive.read("demo/1.0/demo/data/large.bin") == LARGE
    assert drive.read("demo/1.0/demo/empty.txt") == b""
    assert drive.read("demo/1.0/bin/demo") == b"#!/usr/bin/env python3\nprint(1)\n"


def test_find_and_du_over_a_version_are_two_requests_and_read_no_contents(store: Store, mounted: Any) -> None:
    drive = mounted(store)
    drive.list("demo")
    assert drive.requests(lambda: drive.find("demo/1.0")) == {"get": 2}
    assert drive.requests(lambda: drive.find("demo/1.0")) == {}
    assert sum(drive.find("demo").values()) == 6 + len(LARGE) + 11 + len("#!/usr/bin/env python3\nprint(1)\n")


def test_another_mount_on_this_machine_asks_for_no_manifest_and_no_contents_again(store: Store, mounted: Any) -> None:
    first = mounted(store)
    first.read("demo/1.0/demo/data/large.bin")
    first.read("demo/1.0/demo/__init__.py")
    first.transfer.settle_copies()
    second = mounted(store)
    second.list("demo")
    assert second.requests(lambda: second.read("demo/1.0/demo/data/large.bin")) == {}
    assert second.requests(lambda: second.read("demo/1.0/demo/__init__.py")) == {}


def test_the_names_of_a_shelf_cost_its_catalog_however_many_they_are(memory: MemoryStore, mounted: Any) -> None:
    for number in range(40):
        publish(memory, f"other-{number}", "1.0")
    drive = mounted(memory)
    asked = drive.requests(drive.list)
    assert len(drive.list()) == 41
    assert sum(asked.values()) <= 17
    assert drive.requests(lambda: [drive.view.entry(name) for name in drive.list()]) == {}


def test_a_project_that_is_named_is_found_without_the_catalog(memory: MemoryStore, mounted: Any) -> None:
    drive = mounted(memory)
    assert sum(drive.requests(lambda: drive.view.entry("demo")).values()) <= 2  # its head, and shelf.json
    assert drive.view.entry("demo") == drive.view.entry("")
    assert drive.view.entry("demo/1.0") is not None
    assert drive.view.entry("demo/2.0") is None


@pytest.mark.parametrize("name", ["nothing", ".git", "Demo", "a_b", "..", "x.y", "nothing/1.0", "demo/2.0/x"])
def test_what_is_not_there_is_not_there(memory: MemoryStore, mounted: Any, name: str) -> None:
    drive = mounted(memory)
    assert drive.view.entry(name) is None
    with pytest.raises(FileNotFoundError):
        list(drive.view.names(name))
    with pytest.raises(FileNotFoundError):
        drive.view.open(f"{name}/file")


def test_a_project_of_three_thousand_releases_is_listed_from_head_and_index(memory: MemoryStore, mounted: Any) -> None:
    release = put(memory, Wheel("many", files={"site/many.py": b"1"}))
    digest = Shelf(memory).repository.versions("many")["1.0"].release
    for start in range(0, 3000, 500):
        put_version(memory, "many", {f"1.{n}": Version(digest) for n in range(start, start + 500)})
    drive = mounted(memory)
    drive.shelf.info()
    assert drive.requests(lambda: drive.list("many")) == {"get": 2}
    assert len(drive.list("many")) == 3000
    assert release.version in drive.list("many")


def test_many_who_look_at_a_version_at_once_read_it_once(memory: MemoryStore, mounted: Any) -> None:
    drive = mounted(memory)
    drive.list("demo")
    before = drive.counts()
    with ThreadPoolExecutor(30) as pool:
        found = list(pool.map(lambda _: drive.view.entry("demo/1.0/demo/__init__.py"), range(300)))
    assert len(set(found)) == 1 and found[0] is not None
    assert drive.counts().since(before).requests == {"get": 2}


def test_the_wheel_for_this_machine_is_shown_else_the_first(memory: MemoryStore, mounted: Any) -> None:
    any_wheel = Wheel("many", files={"site/any.py": b""})
    put(memory, Wheel("many", files={"site/foreign.py": b""}, tag="cp39-cp39-win_amd64"), any_wheel)
    put(memory, Wheel("alien", files={"site/alien.py": b""}, tag="cp39-cp39-win_amd64"))
    drive = mounted(memory)
    assert drive.list("many/1.0") == ["any.py"]
    assert drive.list("alien/1.0") == ["alien.py"]


def test_the_first_of_several_shelves_supplies_a_project(memory: MemoryStore, mounted: Any) -> None:
    team = MemoryStore("memory:team")
    init_shelf(team, "team")
    put(team, Wheel("demo", version="9.0", files={"site/team.py": b"team"}))
    put(team, Wheel("own", files={"site/own.py": b"own"}))
    drive = mounted(team, memory)
    assert drive.list() == ["demo", "own"]
    assert drive.list("demo") == ["9.0"]
    assert drive.read("demo/9.0/team.py") == b"team"
    assert mounted(memory, team, cache="other").read("own/1.0/own.py") == b"own"


def test_a_walk_through_many_versions_keeps_a_bounded_number_of_descriptors(
    memory: MemoryStore, mounted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projects_view, "MOST_OPEN", 10_000)
    for number in range(80):
        put(memory, Wheel("many", version=f"1.{number}", files={"site/x.txt": b"%d" % number}))
    drive = mounted(memory)
    assert drive.read("demo/1.0/demo/__init__.py") == b"x = 1\n"
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(80):
        assert drive.read(f"many/1.{number}/x.txt") == b"%d" % number
    drive.transfer.settle_copies()
    gc.collect()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 40  # of each thread what it did last, too


# who may read what


def test_a_project_without_a_grant_is_refused_when_entered_and_breaks_no_other(
    memory: MemoryStore, mounted: Any
) -> None:
    publish(memory, "secret", "1.0")
    drive = mounted(memory)
    drive.faulty[0].denied = ("projects/secret/",)
    assert drive.list() == ["demo", "secret"]  # the catalog, which one may read, has it
    for path in ("secret", "secret/1.0"):
        with pytest.raises(NoGrant, match="secret"):
            drive.list(path)
    with pytest.raises(NoGrant):
        drive.view.open("secret/1.0/secret/__init__.py")
    assert drive.read("demo/1.0/demo/__init__.py") == b"x = 1\n"


def test_who_may_not_see_names_reads_what_is_granted_by_its_name(memory: MemoryStore, mounted: Any) -> None:
    publish(memory, "secret", "1.0")
    drive = mounted(memory)
    drive.faulty[0].denied = ("projects/secret/", "projects/nothing/", "catalog/")
    with pytest.raises(AccessDenied):
        drive.list()
    assert drive.list("demo") == ["1.0"]
    refused = []
    for name in ("secret", "nothing"):  # nobody can tell which of them is there
        with pytest.raises(NoGrant) as error:
            drive.view.entry(name)
        refused.append(str(error.value).replace(name, "NAME"))
    assert refused[0] == refused[1]


def test_a_name_of_no_project_is_not_there_although_the_store_denies_it(memory: MemoryStore, mounted: Any) -> None:
    drive = mounted(memory)
    drive.faulty[0].denied = ("projects/nothing/",)  # so answers S3 who may not list
    assert drive.view.entry("nothing") is None


def test_a_grant_that_comes_later_counts_without_a_new_mount(memory: MemoryStore, mounted: Any) -> None:
    drive = mounted(memory)
    drive.faulty[0].denied = ("projects/demo/",)
    with pytest.raises(NoGrant):
        drive.list("demo")
    drive.faulty[0].denied = ()
    assert drive.list("demo") == ["1.0"]


# what changes while it is mounted


def yank(store: Store, project: str, version: str) -> None:
    entry = Shelf(store).repository.versions(project)[version]._replace(yanked="broken")
    change_head(store, project, lambda head: Change(put={version: entry}), by="ann", action="yank")


def an_hour_later(drive: Drive) -> None:
    drive.view._offers._clock = lambda: time.monotonic() + 2 * offers.AGAIN


def test_a_version_that_is_yanked_while_it_is_mounted_goes_on_and_a_new_mount_does_not_offer_it(
    store: Store, mounted: Any
) -> None:
    put(store, Wheel("demo", version="2.0", files={"site/two.py": b"2"}))
    drive = mounted(store)
    assert drive.list("demo") == ["1.0", "2.0"]
    yank(store, "demo", "1.0")
    for _ in range(2):
        assert drive.list("demo") == ["1.0", "2.0"]
        assert drive.read("demo/1.0/demo/__init__.py") == b"x = 1\n"
        an_hour_later(drive)
    new = mounted(store, cache="new")
    assert new.list("demo") == ["2.0"]
    assert new.view.entry("demo/1.0") is None and new.view.entry("demo/1.0/demo") is None


def test_what_is_published_while_it_is_mounted_comes_within_an_hour(memory: MemoryStore, mounted: Any) -> None:
    drive = mounted(memory)
    assert (drive.list(), drive.list("demo")) == (["demo"], ["1.0"])
    put(memory, Wheel("demo", version="2.0", files={"site/two.py": b"2"}))
    put(memory, Wheel("new", files={"site/new.py": b"new"}))
    an_hour_later(drive)
    assert (drive.list(), drive.list("demo")) == (["demo", "new"], ["1.0", "2.0"])
    assert drive.read("new/1.0/new.py") == b"new"


def test_an_outage_is_told_and_what_is_known_already_is_read_on(memory: MemoryStore, mounted: Any) -> None:
    drive = mounted(memory)
    drive.faulty[0].is_out = True
    for _ in range(2):
        with pytest.raises(StoreUnreachable):
            drive.list()
        with pytest.raises(StoreUnreachable):
            drive.view.entry("demo/1.0/demo/__init__.py")
    drive.faulty[0].is_out = False
    drive.list()
    assert drive.read("demo/1.0/demo/__init__.py") == b"x = 1\n"
    drive.faulty[0].is_out = True
    an_hour_later(drive)
    assert (drive.list(), drive.list("demo")) == (["demo"], ["1.0"])
    assert drive.read("demo/1.0/demo/__init__.py") == b"x = 1\n"
    with pytest.raises(StoreUnreachable):
        drive.read("demo/1.0/demo/data/large.bin")
    drive.faulty[0].is_out = False
    assert drive.read("demo/1.0/demo/data/large.bin") == LARGE


def test_a_blocked_version_is_refused_with_its_reason_and_others_are_not(memory: MemoryStore, mounted: Any) -> None:
    put(memory, Wheel("demo", version="2.0", files={"site/two.py": b"2"}))
    block(memory, ["demo==1.0"], reason="it steals keys", by="ann")
    drive = mounted(memory)
    assert drive.list("demo") == ["1.0", "2.0"]
    with pytest.raises(Blocked, match="it steals keys"):
        drive.list("demo/1.0")
    with pytest.raises(Blocked, match="it steals keys"):
        drive.view.open("demo/1.0/demo/__init__.py")
    assert drive.read("demo/2.0/two.py") == b"2"


def test_what_is_blocked_while_it_is_mounted_is_not_opened_any_more(memory: MemoryStore, mounted: Any) -> None:
    drive = mounted(memory)
    assert drive.read("demo/1.0/demo/__init__.py") == b"x = 1\n"
    block(memory, ["demo==1.0"], reason="it steals keys", by="ann")
    Renewal(drive.cache, Shelf(memory, cache=drive.cache).repository.parts[0], force=True).result()
    with pytest.raises(Blocked, match="it steals keys"):
        drive.read("demo/1.0/demo/__init__.py")


# what is wrong


def test_a_damaged_head_or_manifest_is_said_and_breaks_no_other(memory: MemoryStore, mounted: Any) -> None:
    publish(memory, "other", "1.0")
    for key in [head_key("other"), next(k for k in memory._objects if k.startswith("projects/demo/manifest/"))]:
        data = memory.get(key)
        memory.delete(key)
        memory.put_new(key, data[:-9] + b"!" + data[-8:])
    drive = mounted(memory)
    assert drive.list() == ["demo", "other"]
    with pytest.raises(ObjectInvalid):
        drive.list("other")
    with pytest.raises(ObjectInvalid):
        drive.list("demo/1.0")


@pytest.mark.parametrize("version", ["..", ".", "", "1/2", "../../x", "1.0\n", "a\0b"])
def test_a_version_that_is_no_name_of_a_folder_makes_a_head_a_damaged_one(
    memory: MemoryStore, mounted: Any, version: str
) -> None:
    digest = Shelf(memory).repository.versions("demo")["1.0"].release
    with pytest.raises(ObjectInvalid, match="version"):
        put_version(memory, "demo", {version: Version(digest)})
        mounted(memory).list("demo")


def test_what_is_no_version_is_not_shown(memory: MemoryStore, mounted: Any) -> None:
    digest = Shelf(memory).repository.versions("demo")["1.0"].release
    put_version(memory, "demo", {"latest": Version(digest)})
    assert mounted(memory).list("demo") == ["1.0"]


def test_a_wheel_under_another_version_is_refused(memory: MemoryStore, mounted: Any) -> None:
    wheel = make_wheel(memory, "demo", "3.0")
    publish(memory, "demo", "4.0", wheels=[wheel])
    with pytest.raises(ObjectInvalid):
        mounted(memory).list("demo/4.0")


def test_what_was_pruned_while_it_is_mounted_comes_again(memory: MemoryStore, mounted: Any) -> None:
    drive = mounted(memory)
    for path in ("demo/1.0/demo/data/large.bin", "demo/1.0/demo/__init__.py", "demo/1.0/bin/demo"):
        before = drive.read(path)
        drive.transfer.settle_copies()
        assert len(prune_environments(drive.cache)) == 1
        assert drive.read(path) == before


def test_a_file_that_is_open_survives_the_pruning(memory: MemoryStore, mounted: Any) -> None:
    drive = mounted(memory)
    parts, whole = (drive.view.open(f"demo/1.0/demo/{name}") for name in ("data/large.bin", "__init__.py"))
    assert parts.read(0, 10) == LARGE[:10] and isinstance(whole, WholeFile)
    prune_environments(drive.cache)
    assert parts.read(0, len(LARGE)) == LARGE
    assert whole.read(0, 10) == b"x = 1\n"
    parts.close()
    whole.close()


def test_many_read_many_versions_while_others_prune(
    memory: MemoryStore, mounted: Any, caplog: pytest.LogCaptureFixture
) -> None:
    contents = {}
    for number in range(10):
        contents[f"p{number}/1.0/x.bin"] = bytes([number]) * 50_000
        put(memory, Wheel(f"p{number}", files={"site/x.bin": bytes([number]) * 50_000}, large=9000))
    drive = mounted(memory)
    stop = threading.Event()

    def prune() -> None:
        while not stop.is_set():
            prune_environments(drive.cache)

    pruner = threading.Thread(target=prune)
    pruner.start()
    try:
        with ThreadPoolExecutor(16) as pool:
            found = list(pool.map(lambda path: drive.read(path) == contents[path], [*contents] * 10))
    finally:
        stop.set()
        pruner.join()
    assert all(found)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
