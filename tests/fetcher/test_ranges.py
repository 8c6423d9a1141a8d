"""What travels in one range, and what becomes of the bytes in its gaps."""

from __future__ import annotations

from typing import Any

import pytest

from cloudshelf.fetcher.placing import Placer

from .shelves import Project, Shelf, content, noise, totals


def test_adjacent_frames_travel_in_one_request_up_to_the_largest_range(shelf: Shelf, transfers: Any) -> None:
    files = {f"p/d{i}.bin": noise(100_000, i) for i in range(10)}
    environment = shelf.environment(Project("p", files, group=1))
    transfer = transfers(largest=350_000)
    transfer.ensure(environment, range(10)).result()
    numbers = totals(transfer, environment)
    assert numbers["requests"] == 4  # 3 + 3 + 3 + 1 frames
    assert numbers["bytes"] == sum(environment.frame_length)
    assert all(content(environment, i) == noise(100_000, i) for i in range(10))


def test_a_small_gap_is_fetched_through_and_a_large_one_is_not(shelf: Shelf, transfers: Any) -> None:
    sizes = [1000, 520_000, 1000, 530_000, 1000]
    files = {f"p/d{i}.bin": noise(size, i) for i, size in enumerate(sizes)}
    environment, transfer = shelf.environment(Project("p", files, group=1)), transfers()
    transfer.ensure(environment, [0, 2, 4]).result()
    numbers = totals(transfer, environment)
    assert numbers["requests"] == 2
    assert numbers["bytes"] == sum(environment.frame_length) - environment.frame_length[3]


def test_what_lies_in_a_gap_that_is_fetched_through_is_not_fetched_again(shelf: Shelf, transfers: Any) -> None:
    files = {f"p/d{i}.bin": noise(size, i) for i, size in enumerate([1000, 300_000, 1000])}
    environment, transfer = shelf.environment(Project("p", files, group=1)), transfers()
    transfer.ensure(environment, [0, 2]).result()
    transfer.ensure(environment, [1]).result()
    numbers = totals(transfer, environment)
    assert (numbers["requests"], numbers["files"]) == (1, 3)
    assert content(environment, 1) == files["p/d1.bin"]


def test_of_a_gap_nothing_is_made_of_idle_files_and_parts_of_a_large_one(
    shelf: Shelf, transfers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"p/a.bin": noise(1000), "p/tests/t.py": noise(1000, 1), "p/large.bin": bytes(9 << 20), "p/z.bin": b"z"}
    environment, transfer = shelf.environment(Project("p", files, kinds="siss", group=1)), transfers()
    placed = []
    place = Placer.place_frame
    monkeypatch.setattr(Placer, "place_frame", lambda *args: (placed.append(args[1].frame), place(*args)))
    transfer.ensure(environment, [0, 3]).result()
    transfer.settle_copies()
    assert totals(transfer, environment)["requests"] == 1
    assert sorted(placed) == [0, environment.first_frame[3]] and environment.first_frame[3] > 3
    assert environment.presence[:] == b"\1\0\0\1"


def test_damage_in_a_gap_is_nobodys_error(shelf: Shelf, transfers: Any) -> None:
    files = {f"p/d{i}.bin": noise(1000, i) for i in range(3)}
    environment, transfer = shelf.environment(Project("p", files, group=1)), transfers()
    pack, at = shelf.pack(environment), environment.frame_offset[1]
    good = pack.read_bytes()
    pack.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
    transfer.ensure(environment, [0, 2]).result()
    transfer.settle_copies()
    assert environment.presence[:] == b"\1\0\1"
    pack.write_bytes(good)
    transfer.ensure(environment, [1]).result()
    assert content(environment, 1) == files["p/d1.bin"]
