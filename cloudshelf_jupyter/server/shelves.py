"""The shelves that this server shows: which they are, and what is kept of each between two requests.

Which shelves there are comes from the server's configuration alone, never from a request.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from cloudshelf import errors
from cloudshelf.config import read_config, read_trust
from cloudshelf.errors import ShelfError
from cloudshelf.model import Release, Wheel
from cloudshelf.repository import ShelfInfo
from cloudshelf.resolving.fitting import pick_tree, pick_wheel
from cloudshelf.shelf import Shelf
from cloudshelf.signing.pins import Pins, parse_pins
from cloudshelf.stores.opening import shared_store
from cloudshelf.stores.protocols import Browser
from cloudshelf.target import current_target
from cloudshelf.urls import split_urls

from .folders import Tree
from .listing import Catalog, Listing
from .remembered import Remembered
from .settings import ServerSettings
from .work import Job, Workers

Changed = Callable[[str, str, str], None]  # shelf, "catalog" or "lock", etag


class NoShelf(errors.NoShelf):
    words = (
        "No shelf is configured here. Set CLOUDSHELF_URL, or c.CloudShelf.url in jupyter_server_config.py, to a URL "
        "like s3://our-shelf/curated, and restart the Jupyter server."
    )


class ShelfUnknown(ShelfError, LookupError):
    facts = ("shelf",)
    words = "This server shows no shelf {shelf}. Its settings may have changed: load the list of shelves again."


class OpenShelf:
    """One shelf: its threads, its listing, the trees that were looked at. Heads are read anew for each request."""

    def __init__(
        self, url: str, cache: Path, settings: ServerSettings, changed: Changed, pins: Pins | None = None
    ) -> None:
        self.id = hashlib.sha256(url.encode()).hexdigest()[:12]
        self.url = url
        self.pins = pins
        self.workers = Workers(f"The shelf {url}", settings.threads, settings.deadline)
        self._cache = cache
        self._catalog = Catalog(settings.watch_seconds, lambda change, etag: changed(self.id, change, etag))
        self._trees = Remembered[Tree](settings.largest_trees)
        self._info: ShelfInfo | None = None

    @property
    def name(self) -> str:
        """As shelf.json has it; before that was read, the end of the URL."""
        return (self._info and self._info.name) or self.url.rstrip("/").rsplit("/", 1)[-1]

    @property
    def known_info(self) -> ShelfInfo | None:
        """What shelf.json said when it was read last; no request."""
        return self._info

    @property
    def store(self) -> Browser:
        """Raises ShelfForbidden, and CredentialsMissing where there are none."""
        return shared_store(self.url)

    def read_info(self) -> ShelfInfo:
        """What shelf.json says now. Raises ShelfMissing and what the store raises."""
        self._info = Shelf(shared_store(self.url)).info()
        return self._info

    def open(self) -> Shelf:
        """The shelf as it is now, for one request."""
        if self._info is None:
            self.read_info()
        return Shelf(shared_store(self.url), cache=self._cache, info=self._info, pins=self.pins)

    def listing(self, job: Job) -> Listing:
        """The projects and locks, from memory while that is fresh."""
        if self._info is None:
            self.read_info()
        return self._catalog.read(self.store, job.pause)

    def look(self, job: Job) -> Listing:
        """The same, as it is now; whoever listens is told of a change."""
        return self._catalog.look(self.store, job.pause)

    def tree(self, shelf: Shelf, release: Release) -> Tree:
        """The installed tree of a release, for the Python of this server where it has one for that."""
        part = pick_tree(chosen_wheel(release), current_target()).manifest
        tree = self._trees.get((release.project, part))
        if tree is None:
            tree = Tree(shelf.repository.manifest(release.project, part))
            self._trees.put((release.project, part), tree, len(tree.manifest.files))
        return tree


def chosen_wheel(release: Release) -> Wheel:
    """The wheel of a release that is shown: the one for the Python of this server, else the first."""
    return pick_wheel(release, current_target()) or release.wheels[0]


def _same(shelf: OpenShelf | None, pins: Pins | None) -> OpenShelf | None:
    """The shelf that was open, if what it requires is still the same."""
    return shelf if shelf is not None and shelf.pins == pins else None


class Shelves:
    """All of them, in the order of the settings."""

    def __init__(self, settings: ServerSettings, changed: Changed) -> None:
        self.settings = settings
        self._changed = changed
        self._open: dict[str, OpenShelf] = {}
        self.origin = "not set"
        self.problem: ShelfError | None = None
        self.configure()

    def configure(self) -> None:
        """Read the settings (anew); ``problem`` is what is wrong with them. Shelves that stay keep what they know."""
        try:
            config = read_config(configured=self.settings.url)
            pins = parse_pins(read_trust(configured=self.settings.trust)[0], os.environ)
        except ShelfError as error:
            self.problem = error
            self._keep([])
            return
        self.origin = config.url_origin
        self.problem = None if config.url else NoShelf()
        before = {shelf.url: shelf for shelf in self._open.values()}
        kept = [
            _same(before.get(url), pins) or OpenShelf(url, config.cache, self.settings, self._changed, pins)
            for url in split_urls(config.url or "")
            if url
        ]
        self._keep(kept)

    def _keep(self, shelves: list[OpenShelf]) -> None:
        for shelf in self._open.values():
            if shelf not in shelves:
                shelf.workers.close()
        self._open = {shelf.id: shelf for shelf in shelves}

    def summary(self) -> str:
        """For the log: which shelves, and who said so."""
        if self.problem is not None:
            return str(self.problem)
        return f"{' then '.join(shelf.url for shelf in self.all())} ({self.origin})"

    def all(self) -> list[OpenShelf]:
        return [*self._open.values()]

    def find(self, shelf: str) -> OpenShelf:
        """Raises ShelfUnknown, or what is wrong with the settings."""
        if self.problem is not None:
            raise type(self.problem)(*self.problem.args)  # a new one: its traceback is of this request
        if shelf not in self._open:
            raise ShelfUnknown(shelf)
        return self._open[shelf]
