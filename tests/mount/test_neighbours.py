"""Who walks a tree and reads waits for few requests; who looks at one file fetches one frame."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudshelf.fetcher.environments import Environment
from cloudshelf.fetcher.transfer import Transfer
from cloudshelf.mount.contents import Contents
from cloudshelf.stores.counting import CountingStore
from tests.fetcher.shelves import Project, Shelf, noise

FRAMES = 60
FILES = {f"p/m{n:03}.txt": noise(5000, n) for n in range(4 * FRAMES)}


class Walk:
    def __init__(self, folder: Path) -> None:
        shelf = Shelf(folder)
        self.store = CountingStore(shelf.store)
        project = Project("p", FILES, "d" * len(FILES), group=20_000)  # four files a frame
        self.environment: Environment = shelf.environment(project, store=self.store)
        self.transfer: Transfer = shelf.transfer(largest=200_000)
        self.contents = Contents(self.transfer)

    def read(self, number: int) -> None:
        file = self.contents.open(self.environment, number)
        assert file.read(0, 10_000) == list(FILES.values())[number]
        file.close()


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    made = Walk(tmp_path)
    yield made
    made.transfer.close()


def test_a_walk_waits_for_few_requests_and_fetches_nothing_twice(walk: Walk) -> None:
    for number in range(len(FILES)):
        walk.read(number)
    walk.transfer.settle_copies()
    assert walk.store.counts.received == sum(walk.environment.frame_length)
    assert walk.store.counts.total < FRAMES // 2


def test_one_file_here_and_there_is_one_frame_each(walk: Walk) -> None:
    frames = random.Random(0).sample(range(0, FRAMES, 3), 10)
    for frame in frames:
        walk.read(4 * frame)
    walk.transfer.settle_copies()
    assert walk.store.counts.received == sum(walk.environment.frame_length[frame] for frame in frames)
