"""What this machine knows of block lists: written for every start of an environment (importing/blocklist.py).

Renewed when it is older than the setting allows. One process asks, the others wait for it, none longer than DEADLINE.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..cache.object_cache import write_whole
from ..cache.turn import turn
from ..errors import ShelfError, StoreError
from ..importing.blocklist import OFFLINE, Known, Pins, asking, place, read_known, read_pins
from ..repository import Repository, own_folder
from .matching import Listed, Part, find_block
from .settings import read_recall

if TYPE_CHECKING:
    from ..codecs.recall import Block, BlockList

DEADLINE = 2.0  # seconds that a start waits for a shelf


class Renewal:
    """What is known of one shelf: from the file if that is young enough, else asked, while others work.

    ``force``: asked in any case, unless somebody asks just now.
    """

    def __init__(self, cache: Path | None, repository: Repository, *, force: bool = False) -> None:
        """Raises UsageError for settings that are wrong."""
        self._place = _Place(own_folder(cache), repository.url)
        self._begun = time.time()
        self._known = self._place.read()
        self._thread: threading.Thread | None = None
        waits = self._known.offline == OFFLINE[0] and self._known.failed_lately(self._begun)
        self.asked = force or not (self._known.is_fresh(self._begun) or waits)
        if self.asked:
            # What was read for this object's sake is of now; by force it is read again.
            pins = repository.trust.pins if repository.trust else None
            asked = Repository(repository.store, cache=cache, pins=pins) if force else repository
            since = self._begun if force else self._begun - self._known.age
            self._thread = threading.Thread(
                target=self._ask, args=(asked, since), daemon=True, name="cloudshelf-blocks"
            )
            self._thread.start()

    def result(self) -> Known:
        """It is not fresh where the shelf did not answer in time; then its ``cause`` says why."""
        if self._thread is not None:
            self._thread.join(max(0.0, self._begun + DEADLINE - time.time()))
            if self._thread.is_alive():  # it goes on, and writes what it hears
                self._known.tried, self._known.cause = time.time(), f"it did not answer within {DEADLINE:g} seconds"
                self._place.write(self._known)
        return self._known

    def _ask(self, repository: Repository, since: float) -> None:
        with self._place.turn(since):
            present = self._place.read()
            if present.checked < since or not present.is_fresh(time.time()):
                present = _ask(self._place, repository)
        self._known = present


def ask(cache: Path, repository: Repository) -> None:
    """Ask the shelf, and write down what it says, or why it does not. For who has the turn (blocklist.asking).

    Raises UsageError for settings that are wrong.
    """
    _ask(_Place(own_folder(cache), repository.url), repository)


def _ask(place: _Place, repository: Repository) -> Known:
    try:
        known = place.known(repository.recalled())
    except ShelfError as error:
        known = place.read()
        known.tried, known.cause = time.time(), str(error)
    place.write(known)
    return known


def read_blocks(cache: Path | None, repository: Repository) -> list[Listed]:
    """What the shelf says now, which is written down; what is known of it already, where it cannot be reached.

    How old that may be is another question (checking.py). Raises as ``Repository.recalled``, but no StoreError.
    """
    place = _Place(own_folder(cache), repository.url)
    try:
        known = place.known(repository.recalled())
    except StoreError:
        return blocks_of(place.read())
    place.write(known)
    return blocks_of(known)


def blocks_of(known: Known) -> list[Listed]:
    """Its blocks as the shelf's list has them."""
    if not known.rows:
        return []
    from ..codecs.recall import Block  # few shelves block anything

    found = {}
    for row in known.rows.values():
        block = Block(**json.loads(row))
        found[block.what] = Listed(block, known.shelf)
    return list(found.values())


class _Place:
    """The file about one shelf; ``folder`` is the cache, None for none, and then nothing is remembered."""

    def __init__(self, folder: Path | None, shelf: str) -> None:
        self._folder, self._shelf = folder, shelf
        self._age, self._offline = read_recall()

    def read(self) -> Known:
        """What it says, under the settings that hold now."""
        known = (read_known(str(self._folder), self._shelf) if self._folder else None) or Known(self._shelf)
        known.age, known.offline = self._age, self._offline
        return known

    def write(self, known: Known) -> None:
        """Whole or not at all. A cache that cannot be written is no reason to fail: who starts asks again."""
        if self._folder is not None:
            with suppress(OSError):
                write_whole(Path(place(str(self._folder), self._shelf)), known.format())

    def known(self, found: BlockList | None) -> Known:
        """What the shelf says now."""
        known = Known(self._shelf, checked=time.time(), age=self._age, offline=self._offline)
        known.seq = found.seq if found else 0
        known.rows = _rows(found.blocks, _pins_in(self._folder)) if found and found.blocks else {}
        return known

    def turn(self, since: float) -> AbstractContextManager[None]:
        """Be the only one that asks, or have waited until another has."""
        if self._folder is None:
            return nullcontext()
        return turn(Path(asking(str(self._folder), self._shelf)), lambda: self.read().checked >= since)


def _rows(blocks: Sequence[Block], environments: Iterable[Pins]) -> dict[str, str]:
    """Keys with their blocks: what each is about, in the spelling of ``environments`` too."""
    rows = {block.text: _words(block) for block in blocks}
    listed = [Listed(block, "") for block in blocks]
    named = {block.project for block in blocks if block.versions}
    for pins in environments if named else ():
        for part in pins.parts:
            if part[0] in named and (found := find_block(Part(*part), listed)):
                rows.setdefault(f"{part[0]}=={part[1]}", _words(found.block))
    return rows


def _words(block: Block) -> str:
    return json.dumps(block._asdict())


def _pins_in(folder: Path | None) -> Iterable[Pins]:
    """Those of every environment in this cache."""
    paths: list[Path] = []
    with suppress(OSError):
        paths = list((folder / "environments").iterdir()) if folder else []
    for path in paths:
        if not path.name.startswith(".") and (found := read_pins(str(path))):
            yield found
