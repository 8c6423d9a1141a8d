"""What reading a large file by parts promises: what a read touches and some ahead, verified, once, and never wrong."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudshelf.errors import CacheUnusable, DiskFull, ObjectInvalid, StoreUnreachable
from cloudshelf.fetcher import blob_writer
from cloudshelf.fetcher.blobs import BlobCache
from cloudshelf.fetcher.environments import Environment
from cloudshelf.mount import read_ahead
from cloudshelf.mount.contents import MOST_KEPT, Contents, WholeFile
from cloudshelf.mount.lines import MOST, Lines
from cloudshelf.mount.view import Opened
from cloudshelf.stores.counting import CountingStore
from tests.fetcher.shelves import Gate, Project, Shelf, noise, totals
from tests.stress import amount

FRAME = 64 << 10
FRAMES = 20
SIZE = FRAMES * FRAME - 77
LARGE = noise(SIZE, 1)
BODY = {"p/__init__.py": b"x = 1\n" * 50, "p/large.bin": LARGE, "p/other.bin": noise(SIZE, 2)}


def large(**settings: Any) -> Project:
    return Project("p", BODY, "sll", group=1, large=FRAME, **settings)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


@pytest.fixture
def opened(shelf: Shelf) -> Iterator[Callable[..., Contents]]:
    made: list[tuple[Contents, Any]] = []

    def make(**settings: Any) -> Contents:
        transfer = shelf.transfer(**settings)
        made.append((Contents(transfer), transfer))
        return made[-1][0]

    yield make
    for contents, transfer in made:
        contents.close()
        transfer.close()


def counted(shelf: Shelf, **settings: Any) -> tuple[Environment, CountingStore]:
    store = CountingStore(shelf.store)
    return shelf.environment(large(**settings), store=store), store


def temporary_files(shelf: Shelf) -> list[str]:
    return [path.name for path in (shelf.root / "cache" / "blobs" / "tmp").iterdir()]


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_read_fetches_the_frames_that_it_touches_and_no_others(shelf: Shelf, opened: Any) -> None:
    environment, store = counted(shelf)
    file = opened().open(environment, 1)
    assert store.counts.total == 0
    assert file.read(5 * FRAME - 10, 20) == LARGE[5 * FRAME - 10 : 5 * FRAME + 10]
    assert store.counts.received == sum(environment.frame_length[1 + n] for n in (4, 5))
    assert file.read(5 * FRAME, 100) == LARGE[5 * FRAME : 5 * FRAME + 100]
    assert store.counts.total == 2
    file.close()


def test_what_is_fetched_by_parts_is_counted_as_everything_is(shelf: Shelf, opened: Any) -> None:
    environment, store = counted(shelf)
    contents = opened()
    file = contents.open(environment, 1)
    file.read(5 * FRAME - 10, 20)
    numbers = totals(contents._transfer, environment)
    assert (numbers["requests"], numbers["bytes"]) == (store.counts.total, store.counts.received)
    file.close()


def test_a_read_at_the_end_is_short_and_one_behind_it_is_empty(shelf: Shelf, opened: Any) -> None:
    environment, _ = counted(shelf)
    file = opened().open(environment, 1)
    assert file.read(SIZE - 3, 100) == LARGE[-3:]
    assert file.read(SIZE, 100) == file.read(SIZE + 1, 100) == b""
    file.close()


def test_a_file_that_the_recorded_import_opens_comes_whole(shelf: Shelf, opened: Any) -> None:
    environment, _ = counted(shelf, profile=[0, 1])
    assert isinstance(opened().open(environment, 1), WholeFile)
    assert environment.presence[1] == 1


def test_a_small_file_comes_whole(shelf: Shelf, opened: Any) -> None:
    environment, _ = counted(shelf)
    file = opened().open(environment, 0)
    assert file.read(0, 1000) == BODY["p/__init__.py"]
    file.close()


def test_all_parts_together_are_a_blob_like_any_other(shelf: Shelf, opened: Any) -> None:
    environment, store = counted(shelf)
    contents = opened()
    file = contents.open(environment, 1)
    for piece in random.Random(0).sample(range(FRAMES), FRAMES):
        assert file.read(piece * FRAME, 1) == LARGE[piece * FRAME :][:1]
    received = store.counts.received
    assert received == sum(environment.frame_length[1 : 1 + FRAMES])
    file.close()
    blob = Path(BlobCache(shelf.root / "cache").path(environment.digest(1), 0o644))
    assert blob.read_bytes() == LARGE
    again = contents.open(environment, 1)
    assert isinstance(again, WholeFile) and again.read(0, SIZE) == LARGE
    assert store.counts.received == received
    again.close()
    assert temporary_files(shelf) == []


def test_what_a_file_in_another_environment_has_brought_is_shared(shelf: Shelf, opened: Any) -> None:
    environment, store = counted(shelf)
    other = shelf.environment(large(), name="e2", store=store)
    contents = opened()
    first, second = contents.open(environment, 1), contents.open(other, 1)
    first.read(0, 10)
    second.read(0, 10)
    assert store.counts.total == 1
    first.close()
    second.close()


def test_parts_stay_for_who_opens_the_file_again(shelf: Shelf, opened: Any) -> None:
    environment, store = counted(shelf)
    contents = opened()
    for _ in range(3):
        file = contents.open(environment, 1)
        assert file.read(FRAME, 10) == LARGE[FRAME : FRAME + 10]
        file.close()
    assert store.counts.total == 1


def test_reading_in_a_row_is_read_ahead_in_few_requests(
    shelf: Shelf, opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_ahead, "STREAK", FRAME // 2)
    environment, store = counted(shelf)
    file = opened().open(environment, 1)
    step = FRAME // 4
    assert b"".join(file.read(at, step) for at in range(0, SIZE, step)) == LARGE
    assert store.counts.received == sum(environment.frame_length[1 : 1 + FRAMES])
    assert store.counts.total < FRAMES
    file.close()


def test_reading_here_and_there_is_not_read_ahead(shelf: Shelf, opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "STREAK", FRAME // 2)
    monkeypatch.setattr(read_ahead, "NEAR", 100)
    environment, store = counted(shelf)
    file = opened().open(environment, 1)
    for piece in (17, 3, 9, 0, 12):
        file.read(piece * FRAME, FRAME // 4)
    assert store.counts.total == 5
    file.close()


def test_thousands_of_readers_at_once_fetch_each_frame_once(shelf: Shelf, opened: Any) -> None:
    environment, store = counted(shelf)
    contents = opened()
    places = [random.Random(n).randrange(SIZE) for n in range(amount(1000, 20_000))]

    def read(place: int) -> bool:
        file = contents.open(environment, 1)
        found = file.read(place, 3000)
        file.close()
        return bool(found == LARGE[place : place + 3000])

    with ThreadPoolExecutor(100) as pool:
        assert all(pool.map(read, places))
    assert store.counts.received == sum(environment.frame_length[1 : 1 + FRAMES])


@pytest.mark.stress
@settings(max_examples=amount(8, 1000), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    reads=st.lists(st.tuples(st.integers(0, SIZE + 10), st.integers(0, 3 * FRAME)), max_size=60),
    frame=st.integers(1000, 200_000),
)
def test_random_reads_are_those_of_the_original(
    tmp_path_factory: pytest.TempPathFactory, reads: list[tuple[int, int]], frame: int
) -> None:
    shelf = Shelf(tmp_path_factory.mktemp("random"))
    environment = shelf.environment(Project("p", BODY, "sll", group=1, large=frame))
    transfer = shelf.transfer()
    contents = Contents(transfer)
    files = [contents.open(environment, 1 + n % 2) for n in range(4)]
    for turn, (offset, size) in enumerate(reads):
        expected = list(BODY.values())[1 + turn % 2]
        assert files[turn % 4].read(offset, size) == expected[offset : offset + size]
    for file in files:
        file.close()
    contents.close()
    transfer.close()


# faults


def test_an_outage_is_told_and_the_next_read_tries_again(shelf: Shelf, opened: Any) -> None:
    gate = Gate(shelf.store)
    gate.opened.set()
    environment = shelf.environment(large(), store=gate)
    file = opened().open(environment, 1)
    assert file.read(0, 10) == LARGE[:10]
    gate.failures.append(StoreUnreachable(gate.url, "the cable is out"))
    with pytest.raises(StoreUnreachable):
        file.read(FRAME, 10)
    assert file.read(5, 10) == LARGE[5:15]  # what is here needs no shelf
    assert file.read(FRAME, 10) == LARGE[FRAME : FRAME + 10]
    file.close()


def test_all_who_wait_for_a_frame_are_told_of_the_outage_by_one_request(shelf: Shelf, opened: Any) -> None:
    gate = Gate(shelf.store)
    environment = shelf.environment(large(), store=gate)
    contents = opened()
    gate.failures.append(StoreUnreachable(gate.url, "the cable is out"))
    waiting = threading.Barrier(21)

    def read(_: int) -> str:
        file = contents.open(environment, 1)
        waiting.wait(60)
        try:
            return str(len(file.read(0, 10)))
        except StoreUnreachable as error:
            return str(error)
        finally:
            file.close()

    with ThreadPoolExecutor(20) as pool:
        answers = pool.map(read, range(20))
        waiting.wait(60)
        assert gate.asked.acquire(timeout=60)
        gate.opened.set()
        found = list(answers)
    # Who came late, on a machine that is slow, tries again, and has it.
    assert {answer for answer in found if "cable" not in answer} <= {"10"}
    assert any("cable" in answer for answer in found)


def test_who_waits_for_a_line_while_the_shelf_is_found_dead_is_told_the_same() -> None:
    lines, dead = Lines(), threading.Event()
    began, told = threading.Semaphore(0), []

    def use() -> None:
        try:
            with lines.take("s3://dead", 1):
                began.release()
                dead.wait(60)
                raise StoreUnreachable("s3://dead", "no answer")
        except StoreUnreachable as error:
            told.append(error)

    first = [threading.Thread(target=use) for _ in range(MOST)]
    for thread in first:
        thread.start()
    for _ in first:
        assert began.acquire(timeout=60)
    late = [threading.Thread(target=use) for _ in range(50)]
    for thread in late:
        thread.start()
    while len(lines._free._waiters) < len(late):  # type: ignore[attr-defined]
        threading.Event().wait(0.001)
    dead.set()
    for thread in (*first, *late):
        thread.join(60)
    assert len(told) == MOST + 50
    assert not began.acquire(blocking=False)  # none of the late ones asked the shelf
    with lines.take("s3://dead", 1):  # who comes now tries
        pass


def damage(shelf: Shelf, environment: Environment, frame: int) -> bytes:
    """Flip a bit in a frame of the pack on the shelf; what the pack was."""
    pack = shelf.pack(environment)
    whole = pack.read_bytes()
    at = environment.frame_offset[frame] + environment.frame_length[frame] // 2
    pack.chmod(0o644)
    pack.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    return whole


def test_a_corrupt_frame_is_an_error_that_names_the_pack_and_harms_no_other(shelf: Shelf, opened: Any) -> None:
    environment, _ = counted(shelf)
    whole = damage(shelf, environment, 1 + 3)
    file = opened().open(environment, 1)
    with pytest.raises(ObjectInvalid, match=environment.packs[0][1]):
        file.read(3 * FRAME, 10)
    assert file.read(2 * FRAME, 10) == LARGE[2 * FRAME : 2 * FRAME + 10]
    shelf.pack(environment).write_bytes(whole)
    assert file.read(3 * FRAME, 10) == LARGE[3 * FRAME : 3 * FRAME + 10]  # mended on the shelf
    file.close()


def test_frames_that_are_in_order_but_make_another_file_never_enter_the_cache(shelf: Shelf, opened: Any) -> None:
    path = shelf.build(large())
    index_file = path / ".cloudshelf" / "index"
    import marshal

    index = marshal.loads(index_file.read_bytes())
    wrong = hashlib.sha256(b"another").digest()
    index["digests"] = index["digests"][:32] + wrong + index["digests"][64:]
    index_file.write_bytes(marshal.dumps(index))
    from cloudshelf.fetcher.environments import Environments

    environment = Environments(lambda _: CountingStore(shelf.store)).get(str(path))
    contents = opened()
    file = contents.open(environment, 1)
    with pytest.raises(ObjectInvalid, match="other content"):
        for piece in range(FRAMES):
            file.read(piece * FRAME, 1)
    with pytest.raises(ObjectInvalid, match="other content"):
        file.read(0, 1)
    file.close()
    assert not Path(BlobCache(shelf.root / "cache").path(wrong.hex(), 0o644)).exists()
    assert temporary_files(shelf) == []


def test_a_full_disk_is_said_and_reading_goes_on_when_there_is_room(
    shelf: Shelf, opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment, _ = counted(shelf)
    file = opened().open(environment, 1)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    with monkeypatch.context() as patch:
        patch.setattr(blob_writer, "write_all", full)
        with pytest.raises(DiskFull):
            file.read(0, 10)
    assert file.read(0, 10) == LARGE[:10]
    file.close()


def test_what_comes_another_way_meanwhile_is_read_from_there(shelf: Shelf, opened: Any) -> None:
    environment, store = counted(shelf)
    transfer = shelf.transfer()
    file = opened().open(environment, 1)
    assert file.read(0, 10) == LARGE[:10]
    transfer.ensure(environment, [1]).result()
    transfer.close()
    asked = store.counts.total
    assert file.read(0, SIZE) == LARGE
    assert store.counts.total == asked
    file.close()


def test_parts_of_a_killed_mount_are_removed_by_whoever_comes_next(shelf: Shelf) -> None:
    environment, _ = counted(shelf)
    child = os.fork()
    if child == 0:
        Contents(shelf.transfer()).open(environment, 1).read(0, 10)
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    assert len(temporary_files(shelf)) == 1
    BlobCache(shelf.root / "cache")
    assert temporary_files(shelf) == []


def test_files_that_nobody_reads_keep_a_bounded_number_of_descriptors(shelf: Shelf, opened: Any) -> None:
    many = {f"p/{n}.bin": noise(3000, n) for n in range(MOST_KEPT + 40)}
    environment = shelf.environment(Project("p", many, "l" * len(many), group=1, large=1000))
    contents = opened()
    before = open_files()
    for number, content in enumerate(many.values()):
        file: Opened = contents.open(environment, number)
        assert file.read(1, 1) == content[1:2]
        file.close()
    assert len(temporary_files(shelf)) <= MOST_KEPT
    assert open_files() <= before + 2 * MOST_KEPT + 40  # and the transfer's own
    contents.close()
    assert temporary_files(shelf) == []


def test_a_file_that_vanished_from_the_environment_is_said(shelf: Shelf, opened: Any) -> None:
    environment, _ = counted(shelf)
    contents = opened()
    contents.open(environment, 0).close()
    Path(environment.destination(0)).unlink()
    with pytest.raises(CacheUnusable):
        contents.open(environment, 0)
