"""What filling an environment promises: verified, once, in order of urgency, and never half."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import marshal
import os
import shutil
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudshelf.codecs.pack import compress_frame, decompress_frame
from cloudshelf.errors import (
    CacheUnusable,
    DiskFull,
    FetcherFailed,
    ObjectInvalid,
    StoreUnreachable,
    UsageError,
)
from cloudshelf.fetcher import in_flight
from cloudshelf.fetcher.environments import Environment
from cloudshelf.fetcher.frame_queue import FrameQueue
from cloudshelf.fetcher.frames import Priority, Range

from .shelves import MTIME, SITE, SMALL, Gate, Project, Shelf, content, noise, totals


def test_files_are_in_place_with_content_mode_and_time_before_a_request_is_done(shelf: Shelf, transfers: Any) -> None:
    project = Project("p", {"p/a.py": b"a = 1\n", "p/run": b"#!/bin/sh\n"}, modes={"p/run": 0o755})
    environment, transfer = shelf.environment(project), transfers()
    transfer.ensure(environment, [0, 1]).result()
    assert (content(environment, 0), content(environment, 1)) == (b"a = 1\n", b"#!/bin/sh\n")
    status = Path(environment.destination(1)).stat()
    assert (stat.S_IMODE(status.st_mode), status.st_mtime) == (0o755, MTIME)
    assert (environment.path / ".cloudshelf" / "presence").read_bytes() == b"\1\1"
    assert list(environment.staging.iterdir()) == []


def test_one_file_of_a_frame_brings_the_frame_in_one_request(shelf: Shelf, transfers: Any) -> None:
    environment, transfer = shelf.environment(SMALL), transfers()
    transfer.ensure(environment, [3]).result()
    transfer.settle_copies()
    numbers = totals(transfer, environment)
    length = environment.frame_length[0]
    assert (numbers["requests"], numbers["bytes"], numbers["files"]) == (1, length, 21)
    assert numbers["placed"] == sum(environment.sizes)
    assert environment.presence[:] == b"\1" * 21


def test_a_small_file_that_the_cache_has_for_anothers_sake_costs_no_request(shelf: Shelf, transfers: Any) -> None:
    """In botocore 200 files have the same 44 bytes, each at the begin of a frame."""
    files: dict[str, bytes] = {}
    for i in range(20):
        files |= {f"p/{i}/same.json": b"{}", f"p/{i}/own.json": noise(1000, i)}
    environment, transfer = shelf.environment(Project("p", files, group=1002)), transfers()
    transfer.ensure(environment, [0, 1]).result()
    transfer.settle_copies()
    transfer.ensure(environment, range(2, 40)).result()
    numbers = totals(transfer, environment)
    assert (numbers["requests"], numbers["files"]) == (2, 40)


def test_a_frame_of_which_the_cache_has_a_part_travels_with_its_neighbours(shelf: Shelf, transfers: Any) -> None:
    files: dict[str, bytes] = {}
    for i in range(20):
        files |= {f"p/{i}/own.json": noise(1000, i), f"p/{i}/same.json": b"{ }", f"p/{i}/tiny.json": b"%02d" % i}
    environment, transfer = shelf.environment(Project("p", files, group=1000)), transfers()
    transfer.ensure(environment, [0, 1, 2]).result()
    transfer.settle_copies()
    transfer.ensure(environment, range(3, 60)).result()
    numbers = totals(transfer, environment)
    assert (numbers["requests"], numbers["files"]) == (2, 60)


def test_an_empty_file_needs_no_request(shelf: Shelf, transfers: Any) -> None:
    environment, transfer = shelf.environment(SMALL), transfers()
    transfer.ensure(environment, [20]).result()
    assert content(environment, 20) == b""
    assert totals(transfer, environment)["requests"] == 0


def test_two_that_want_one_frame_at_once_make_one_request(shelf: Shelf, transfers: Any) -> None:
    gate = Gate(shelf.store)
    environment, transfer = shelf.environment(SMALL, store=gate), transfers()
    both, done = threading.Barrier(3), threading.Barrier(3)

    def want(numbers: list[int]) -> None:
        request = transfer.ensure(environment, numbers)
        both.wait(30)
        request.result()
        done.wait(30)

    for numbers in ([1, 2], [2, 3]):
        threading.Thread(target=want, args=(numbers,), daemon=True).start()
    assert gate.asked.acquire(timeout=30)
    both.wait(30)  # who comes when the frame is there has it fetched anew
    gate.opened.set()
    done.wait(30)
    assert len(gate.requests) == 1
    assert environment.presence[1] and environment.presence[3]


@pytest.mark.parametrize("size", [4 << 20, (9 << 20) + 7])
def test_a_large_file_of_several_frames_is_whole(shelf: Shelf, transfers: Any, size: int) -> None:
    library = noise(size)
    project = Project(
        "p", {"p/a.py": b"", "p/lib.so": library, "p/z.py": b"z"}, large=1 << 20, modes={"p/lib.so": 0o755}
    )
    environment, transfer = shelf.environment(project), transfers(largest=1 << 20)
    transfer.ensure(environment, [1]).result()
    assert content(environment, 1) == library
    assert Path(environment.destination(1)).stat().st_mode & 0o777 == 0o755
    assert environment.presence[1]
    assert totals(transfer, environment)["bytes"] >= size


def test_a_file_that_begins_in_the_middle_of_a_frame_and_runs_on(shelf: Shelf, transfers: Any) -> None:
    """Cut by hand: three files in two frames, the middle one across the boundary."""
    environment = shelf.environment(Project("p", {"p/a": noise(1000, 1), "p/b": noise(1000, 2), "p/c": noise(1000, 3)}))
    body = noise(1000, 1) + noise(1000, 2) + noise(1000, 3)
    packed = [compress_frame(body[:1500]), compress_frame(body[1500:])]
    file = environment.path / ".cloudshelf" / "index"
    index = marshal.loads(file.read_bytes())
    digest = hashlib.sha256(b"".join(packed)).hexdigest()
    shelf.store.put_new(f"projects/p/pack/{digest}.0", b"".join(packed))
    index["packs"] = [("p", f"{digest}.0")]
    index["frame"], index["offset"] = [0, 0, 1], [0, 1000, 500]
    index["frames"] = {
        "pack": [0, 0],
        "offset": [0, len(packed[0])],
        "length": [len(p) for p in packed],
        "size": [1500, 1500],
        "digest": b"".join(hashlib.sha256(p).digest() for p in packed),
    }
    environment = Environment(environment.path, shelf.store, index)
    transfer = transfers()
    transfer.ensure(environment, [1]).result()
    assert content(environment, 1) == noise(1000, 2)
    transfer.ensure(environment, [0, 2]).result()
    assert (content(environment, 0), content(environment, 2)) == (noise(1000, 1), noise(1000, 3))


def test_a_second_environment_fetches_nothing_again(shelf: Shelf, transfers: Any) -> None:
    project = Project("p", {"p/a.py": b"a = 1\n" * 9, "p/d.bin": noise(200_000), "p/e.py": b""})
    transfer = transfers()
    first, second = shelf.environment(project, name="e1"), shelf.environment(project, name="e2")
    transfer.ensure(first, [0, 1, 2]).result()
    assert transfer.settle_copies(30)
    transfer.ensure(second, [0, 1, 2]).result()
    assert totals(transfer, second)["requests"] == 0
    assert [content(second, n) for n in range(3)] == [content(first, n) for n in range(3)]
    large, source = (Path(second.destination(n)).stat() for n in (1, 0))
    assert source.st_nlink == 1, "an edit of a source stays in its environment"
    assert large.st_nlink >= 3 or large.st_nlink == 1  # linked: the cache and two environments; or cloned


def test_small_files_are_copied_for_the_cache_in_quiet_times_though_nobody_waits_for_that(
    shelf: Shelf, transfers: Any
) -> None:
    files = {f"p/m{i}.py": noise(1000, i) for i in range(2)}
    environment, transfer = shelf.environment(Project("p", files, group=1)), transfers()
    for number in (0, 1):  # the second comes when the copying thread sleeps
        transfer.ensure(environment, [number]).result()
        while transfer.is_busy():  # the suite's time limit ends this
            time.sleep(0.01)
        digest = environment.digest(number)
        assert (shelf.root / "cache" / "blobs" / digest[:2] / f"{digest}-644").exists()


def test_a_wish_wakes_one_connection_and_not_all_of_them(
    shelf: Shelf, transfers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"p/d{i}.bin": noise(100_000, i) for i in range(3)}
    looks: list[int] = []
    take = FrameQueue.take

    def counted(queue: FrameQueue, least: Priority = Priority.REST) -> Range | None:
        looks.append(least)
        return take(queue, least)

    monkeypatch.setattr(FrameQueue, "take", counted)
    environment, transfer = shelf.environment(Project("p", files, group=1)), transfers(connections=8)
    transfer.start()
    while len(looks) < 8:  # each looks once when it starts; the suite's time limit ends this
        time.sleep(0.01)
    transfer.ensure(environment, [1]).result()
    transfer.settle_copies(30)
    assert len(looks) <= 8 + 2, "who takes it, and looks again when it is here"


def test_what_the_cache_has_lost_is_fetched(shelf: Shelf, transfers: Any) -> None:
    project = Project("p", {"p/a.py": b"a = 1\n", "p/b.py": b"b = 1\n"})
    transfer = transfers()
    first, second = shelf.environment(project, name="e1"), shelf.environment(project, name="e2")
    transfer.ensure(first, [0, 1]).result()
    assert transfer.settle_copies(30)
    (shelf.root / "cache" / "blobs" / first.digest(1)[:2] / f"{first.digest(1)}-644").unlink()
    transfer.ensure(second, [0, 1]).result()
    assert content(second, 1) == b"b = 1\n"
    assert totals(transfer, second)["requests"] == 1


def test_a_blob_that_was_edited_is_not_used(shelf: Shelf, transfers: Any) -> None:
    project = Project("p", {"p/d.bin": noise(100_000)})
    transfer = transfers()
    first, second = shelf.environment(project, name="e1"), shelf.environment(project, name="e2")
    transfer.ensure(first, [0]).result()
    blob = shelf.root / "cache" / "blobs" / first.digest(0)[:2] / f"{first.digest(0)}-644"
    blob.write_bytes(b"edited")
    transfer.ensure(second, [0]).result()
    assert content(second, 0) == noise(100_000)


@pytest.mark.parametrize("large", [4 << 20, 30_000])
def test_two_environments_that_fill_at_once_fetch_once(shelf: Shelf, transfers: Any, large: int) -> None:
    """The second has what the first brought, even small files that the cache has no copy of yet."""
    files = {f"p/d{i}.bin": noise(100_000, i) for i in range(4)} | {f"p/m{i}.py": noise(50, i) for i in range(4)}
    gate = Gate(shelf.store)
    one, two = (shelf.environment(Project("p", files, large=large, group=1), store=gate, name=n) for n in ("e1", "e2"))
    transfer = transfers(connections=1, largest=100_100)
    first, second = (transfer.ensure(e, range(8), Priority.FILL) for e in (one, two))
    gate.opened.set()
    first.result()
    second.result()
    assert [content(two, n) for n in range(8)] == list(files.values())
    assert len(gate.requests) == len(set(gate.requests))


def test_a_corrupt_frame_is_asked_for_once_more_and_then_named(shelf: Shelf, transfers: Any) -> None:
    environment, transfer = shelf.environment(SMALL), transfers()
    pack = shelf.pack(environment)
    good = pack.read_bytes()
    pack.write_bytes(bytes([good[0] ^ 1]) + good[1:])
    with pytest.raises(ObjectInvalid) as caught:
        transfer.ensure(environment, [0]).result()
    assert caught.value.key == environment.pack_key(0)
    assert totals(transfer, environment)["requests"] == 2
    assert not any(environment.presence[:]) and not Path(environment.destination(0)).exists()
    pack.write_bytes(good)
    transfer.ensure(environment, [0]).result()
    assert totals(transfer, environment)["requests"] == 3


def test_a_frame_damaged_on_the_way_is_good_the_second_time(shelf: Shelf, transfers: Any) -> None:
    gate = Gate(shelf.store)
    gate.opened.set()
    gate.failures = [ObjectInvalid("k", "too short")]
    environment, transfer = shelf.environment(SMALL, store=gate), transfers()
    transfer.ensure(environment, [0]).result()
    assert len(gate.requests) == 2


def test_a_truncated_pack_gives_what_it_has_and_names_itself_for_the_rest(shelf: Shelf, transfers: Any) -> None:
    files = {f"p/d{i}.bin": noise(100_000, i) for i in range(3)}
    environment, transfer = shelf.environment(Project("p", files, group=1)), transfers()
    pack = shelf.pack(environment)
    pack.write_bytes(pack.read_bytes()[:-10])
    request = transfer.ensure(environment, [0, 1, 2])
    with pytest.raises(ObjectInvalid) as caught:
        request.result()
    assert caught.value.key == environment.pack_key(0)
    assert environment.presence[:] == b"\1\1\0"


def test_content_that_does_not_have_its_digest_is_never_placed(shelf: Shelf, transfers: Any) -> None:
    """The frame is as published, but the index says something else of the file: an index is not trusted blindly."""
    environment, transfer = shelf.environment(Project("p", {"p/a.py": b"a", "p/d.bin": noise(100_000)})), transfers()
    environment._digests = bytes(64)
    for number in (0, 1):
        with pytest.raises(ObjectInvalid, match="other content") as caught:
            transfer.ensure(environment, [number]).result()
        assert caught.value.key == environment.pack_key(0)
        assert not Path(environment.destination(number)).exists() and not environment.presence[number]


def test_a_large_file_that_does_not_have_its_digest_is_never_placed(shelf: Shelf, transfers: Any) -> None:
    environment, transfer = shelf.environment(Project("p", {"p/l.so": noise(3000)}, large=1000)), transfers()
    environment._digests = bytes(32)
    with pytest.raises(ObjectInvalid, match="other content"):
        transfer.ensure(environment, [0]).result()
    assert not Path(environment.destination(0)).exists() and not environment.presence[0]
    assert list((shelf.root / "cache" / "blobs" / "tmp").iterdir()) == []


def test_an_outage_is_told_to_everybody_and_forgotten(shelf: Shelf, transfers: Any) -> None:
    gate = Gate(shelf.store)
    gate.failures = [StoreUnreachable("s", "no route")]
    environment, transfer = shelf.environment(SMALL, store=gate), transfers()
    requests = [transfer.ensure(environment, [1]), transfer.ensure(environment, [2])]
    gate.opened.set()
    for request in requests:
        with pytest.raises(StoreUnreachable):
            request.result()
    assert len(gate.requests) == 1
    transfer.ensure(environment, [1]).result()
    assert content(environment, 1) == SMALL.files["small/m1.py"]


@pytest.mark.parametrize("failures", [1, 9], ids=["the outage ends", "it lasts"])
def test_who_asks_while_an_outage_is_under_way_gets_one_try_of_its_own(
    shelf: Shelf, transfers: Any, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    """As a cell that is run again: what fails then was begun before the outage was over."""
    monkeypatch.setattr(in_flight, "LATE", 0.01)
    gate = Gate(shelf.store)
    gate.failures = [StoreUnreachable("s", "it did not answer in time") for _ in range(failures)]
    environment, transfer = shelf.environment(SMALL, store=gate), transfers()
    first = transfer.ensure(environment, [1, 3])
    assert gate.asked.acquire(timeout=30)
    time.sleep(0.05)
    again = transfer.ensure(environment, [1])
    gate.opened.set()
    with pytest.raises(StoreUnreachable):
        first.result()
    with pytest.raises(StoreUnreachable) if failures > 1 else contextlib.nullcontext():
        again.result()
    assert environment.presence[1] == (failures == 1)
    assert len(gate.requests) == 2


def test_an_unexpected_error_of_a_store_is_a_shelf_error(shelf: Shelf, transfers: Any) -> None:
    gate = Gate(shelf.store)
    gate.opened.set()
    gate.failures = [RuntimeError("boom")]
    environment, transfer = shelf.environment(SMALL, store=gate), transfers()
    with pytest.raises(Exception, match="RuntimeError: boom"):
        transfer.ensure(environment, [0]).result()


def test_a_range_that_breaks_off_is_asked_again_only_for_what_did_not_come(shelf: Shelf, transfers: Any) -> None:
    class Breaking:
        url = shelf.store.url

        def __init__(self) -> None:
            self.asked: list[tuple[int, int]] = []

        def stream_range(self, key: str, *, start: int, length: int) -> Iterator[bytes | memoryview]:
            self.asked.append((start, length))
            data = b"".join(shelf.store.stream_range(key, start=start, length=length))
            yield data[:150_000]
            if len(self.asked) == 1:
                raise ObjectInvalid(key, "it broke off")
            yield data[150_000:]

    store = Breaking()
    environment = shelf.environment(
        Project("p", {f"p/d{i}.bin": noise(100_000, i) for i in range(3)}, group=1), store=store
    )
    transfers().ensure(environment, range(3)).result()
    again = [(environment.frame_offset[n], environment.frame_length[n]) for n in (1, 2)]
    assert store.asked == [(0, sum(environment.frame_length)), *again]
    assert [content(environment, n) for n in range(3)] == [noise(100_000, n) for n in range(3)]


def test_fill_brings_everything_and_counts(shelf: Shelf, transfers: Any) -> None:
    project = Project("p", {f"p/f{i}.py": noise(50, i) for i in range(4)}, kinds="siis")
    environment, transfer = shelf.environment(project), transfers()
    events: list[dict[str, Any]] = []
    assert transfer.fill(environment, progress=events.append) == {"files": 4, "bytes": 200}
    assert events[-1] == {"stage": "fill", "done": 200, "total": 200, "unit": "B", "what": "e1"}
    assert environment.presence[:] == b"\1\1\1\1"
    assert transfer.fill(environment) == {"files": 0, "bytes": 0}


def test_of_a_path_that_two_pins_bring_the_first_is_placed_for_both(shelf: Shelf, transfers: Any) -> None:
    one, two = Project("one", {"shared.py": b"one"}), Project("two", {"shared.py": b"two"})
    environment, transfer = shelf.environment(one, two), transfers()
    transfer.ensure(environment, [1]).result()
    assert (content(environment, 0), environment.presence[:]) == (b"one", b"\1\1")
    transfer.fill(environment)
    assert content(environment, 0) == b"one"


def test_wrong_numbers_are_refused(shelf: Shelf, transfers: Any) -> None:
    environment, transfer = shelf.environment(SMALL), transfers()
    for numbers in ([21], [-1]):
        with pytest.raises(UsageError):
            transfer.ensure(environment, numbers)
    with pytest.raises(UsageError):
        transfer.begin(environment, 1)


def test_what_waits_when_the_transfer_ends_is_told_so(shelf: Shelf, transfers: Any) -> None:
    gate = Gate(shelf.store)
    environment, transfer = shelf.environment(SMALL, store=gate), transfers()
    request = transfer.ensure(environment, [0])
    transfer.close(flush=False)
    with pytest.raises(FetcherFailed):
        request.result()
    with pytest.raises(FetcherFailed):
        transfer.ensure(environment, [1])
    gate.opened.set()


def test_an_environment_that_prune_holds_is_not_filled(shelf: Shelf, transfers: Any) -> None:
    environment, transfer = shelf.environment(SMALL), transfers()
    with open(environment.path / ".cloudshelf" / "users", "w") as users:
        fcntl.flock(users, fcntl.LOCK_EX)
        with pytest.raises(CacheUnusable, match="removed"):
            transfer.ensure(environment, [0]).result()
    transfer.ensure(environment, [0]).result()
    assert transfer.settle_copies(30)  # the rest of the frame
    with open(environment.path / ".cloudshelf" / "users") as users:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)  # free again when nothing is under way


def test_a_folder_that_vanished_is_an_error_and_not_made_again(shelf: Shelf, transfers: Any) -> None:
    environment, transfer = shelf.environment(SMALL), transfers()
    shutil.rmtree(environment.path / SITE)
    with pytest.raises(CacheUnusable):
        transfer.ensure(environment, [0]).result()
    assert not (environment.path / SITE).exists()


@pytest.mark.parametrize("size", [30_000, 300_000])
def test_a_full_disk_says_so_and_leaves_nothing_half(
    shelf: Shelf, transfers: Any, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    environment, transfer = (
        shelf.environment(Project("p", {"p/a.py": b"a", "p/d.bin": noise(size)}, group=1)),
        transfers(),
    )
    real: dict[str, Any] = {"write": os.write, "pwrite": os.pwrite}

    def full(name: str) -> Any:
        def write(descriptor: int, data: Any, *rest: int) -> Any:
            if len(data) > 20_000:  # the disk takes a part, then nothing more
                return real[name](descriptor, data[:1000], *rest)
            if len(data) > 10_000:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real[name](descriptor, data, *rest)

        return write

    with monkeypatch.context() as patch:
        for name in real:
            patch.setattr(os, name, full(name))
        with pytest.raises(DiskFull):
            transfer.ensure(environment, [1]).result()
    assert not Path(environment.destination(1)).exists() and not environment.presence[1]
    assert list(environment.staging.iterdir()) == []
    assert list((shelf.root / "cache" / "blobs" / "tmp").iterdir()) == []
    transfer.ensure(environment, [1]).result()
    assert content(environment, 1) == noise(size)


def test_memory_is_bounded_when_writing_is_slower_than_the_network(
    shelf: Shelf, transfers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"p/d{i}.bin": noise(100_000, i) for i in range(12)}
    gate, slow = Gate(shelf.store), threading.Event()
    gate.opened.set()

    def decompress(*arguments: Any) -> bytes:
        slow.wait(30)
        return decompress_frame(*arguments)

    monkeypatch.setattr("cloudshelf.fetcher.placing.decompress_frame", decompress)
    environment = shelf.environment(Project("p", files, group=1), store=gate)
    transfer = transfers(connections=2, largest=100_100)
    request = transfer.ensure(environment, range(12))
    for _ in range(3):  # two ranges fit below the bound, the third one crosses it
        assert gate.asked.acquire(timeout=30)
    assert not gate.asked.acquire(timeout=0.2)
    slow.set()
    request.result()
    assert len(gate.requests) == 12


def test_numbers_since_a_mark(shelf: Shelf, transfers: Any) -> None:
    files = {f"p/d{i}.bin": noise(100_000, i) for i in range(2)}
    environment, transfer = shelf.environment(Project("p", files, group=1)), transfers()
    transfer.ensure(environment, [0]).result()
    mark = transfer.statistics.mark()
    transfer.ensure(environment, [1]).result()
    added = transfer.statistics.numbers(since=mark)[str(environment.path)]
    assert added.pop("seconds") > 0
    assert added == {
        "requests": 1,
        "bytes": environment.frame_length[1],
        "files": 1,
        "placed": 100_000,
        "projects": {
            "p": {
                "requests": 1,
                "bytes": environment.frame_length[1],
                "files": 1,
                "placed": 100_000,
                "packed": sum(environment.frame_length),
            }
        },
    }


def test_an_inline_file_without_a_place_does_not_stop_fill(shelf: Shelf, transfers: Any) -> None:
    environment, transfer = shelf.environment(SMALL), transfers()
    environment.paths[3], environment.first_frame[3] = ".cloudshelf/shadowed/3", -1
    environment._touching[0].remove(3)
    transfer.fill(environment)
    assert environment.presence[:] == b"\1" * 21
