"""Everything that can happen to one project at once: the real verbs, on a store on which any request may go wrong."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from cloudshelf.chains.commit import init_shelf, walk_history
from cloudshelf.codecs.head import parse_head
from cloudshelf.codecs.names import head_key, manifest_key, pack_key, release_key
from cloudshelf.errors import (
    Conflict,
    ObjectMissing,
    OutcomeUnknown,
    ProjectMissing,
    StoreUnreachable,
    UsageError,
    VersionMissing,
)
from cloudshelf.model import Head
from cloudshelf.publisher.upload import NewWheel
from cloudshelf.repository import Repository
from cloudshelf.shelf import Shelf
from cloudshelf.stores.memory import MemoryStore
from cloudshelf.upkeep.collecting import collect
from cloudshelf.upkeep.purging import purge
from cloudshelf.upkeep.verification import verify_shelf

from .actors import Actor, Fate, Killed
from .model import Model, Operation
from .wheels import PROJECT, packed_wheels, put_wheel

chance = random.Random()  # for names that are made by chance; each schedule begins anew
VERSIONS = ("1", "2", "3")
CHANGES = frozenset({"yank", "default", "purge"})
VERBS = ("collect", "rollback", "read", "go wrong", *sorted(CHANGES))
AT_ONCE = 4
_FOLDER = tempfile.TemporaryDirectory(prefix="cloudshelf-schedules-")
WHEELS: dict[str, NewWheel] = packed_wheels(Path(_FOLDER.name))

# How each may end that did not do what it wanted; and those who may have done it nevertheless.
REFUSED = (VersionMissing, ProjectMissing, UsageError, Conflict)
UNKNOWN = (OutcomeUnknown, StoreUnreachable, Killed)


def do(operation: Operation, store: Any) -> Any:
    """The real verb."""
    shelf = Shelf(store)
    match operation.verb:
        case "publish":
            return put_wheel(store, WHEELS[operation.what])
        case "yank":
            return shelf.yank(PROJECT, operation.what, reason="bad", by="ann")
        case "default":
            return shelf.default(PROJECT, operation.what, by="ann")
        case "rollback":
            return shelf.rollback(PROJECT, by="ann")
        case "purge":
            return purge(store, Repository(store), PROJECT, operation.what, reason="a secret", by="ann")
        case "collect":
            return collect(store, [PROJECT], grace=timedelta(0), by="cleo")
        case "read":
            return read_all(store)
    raise AssertionError(operation.verb)


def read_all(store: Any) -> None:
    """What a reader does: head, releases, manifests, packs."""
    repository = Repository(store)
    head = repository.find_head(PROJECT)
    for version, entry in repository.versions_of(head).items() if head else ():
        try:
            for key in sorted(keys_of_release(repository, version, entry.release)):
                store.get(key)
        except ObjectMissing as error:
            raise repository.explain_missing(PROJECT, entry.release) or error from None


def keys_of_release(repository: Repository, version: str, digest: str) -> set[str]:
    """The key of a release and of all below it."""
    keys = {release_key(PROJECT, digest)}
    for wheel in repository.release_at(PROJECT, version, digest).wheels:
        for tree in wheel.trees.values():
            keys.add(manifest_key(PROJECT, tree.manifest))
            frames = repository.manifest(PROJECT, tree.manifest).frames
            keys |= {pack_key(PROJECT, frame.pack) for frame in frames}
    return keys


class Schedules(RuleBasedStateMachine):
    """One example is one schedule. ``ended`` is called after each that held."""

    ended: ClassVar[Callable[[], None]] = lambda: None

    def __init__(self) -> None:
        super().__init__()
        chance.seed(0)
        self.store = MemoryStore()
        init_shelf(self.store, "ours")
        self.model = Model()
        self.actors: list[Actor] = []
        self.late: list[Callable[[], None]] = []
        self.named: dict[str, set[str]] = {}  # release → its keys, of all that a head named and nobody purged
        self.operations: dict[Actor, Operation] = {}
        self.verbs: frozenset[str] = frozenset()
        self.wheels: list[str] = []

    # what may happen

    @initialize(
        without=st.frozensets(st.sampled_from(VERBS)), wheels=st.frozensets(st.sampled_from([*WHEELS]), min_size=1)
    )
    def choose(self, without: frozenset[str], wheels: frozenset[str]) -> None:
        """Not all kinds of things: a schedule of few kinds goes deeper ("swarm testing", A. Groce et al., 2012)."""
        self.verbs, self.wheels = frozenset(VERBS) - without, sorted(wheels)

    @precondition(lambda self: len(self.actors) < AT_ONCE)
    @rule(number=st.integers(0, len(WHEELS) - 1), in_flight=st.booleans())
    def publish(self, number: int, in_flight: bool) -> None:
        self._start("publish", self.wheels[number % len(self.wheels)], until="replace" if in_flight else "")

    @precondition(lambda self: len(self.actors) < AT_ONCE and "collect" in self.verbs)
    @rule(slow=st.booleans())
    def collect(self, slow: bool) -> None:
        self._start("collect", until="delete" if slow else "")

    @precondition(lambda self: len(self.actors) < AT_ONCE and self.model.seq and self.verbs & CHANGES)
    @rule(number=st.integers(0, len(CHANGES) - 1), version=st.sampled_from(VERSIONS))
    def change(self, number: int, version: str) -> None:
        changes = sorted(self.verbs & CHANGES)
        self._start(changes[number % len(changes)], version)

    @precondition(lambda self: len(self.actors) < AT_ONCE and self.model.seq > 1 and "rollback" in self.verbs)
    @rule()
    def rollback(self) -> None:
        self._start("rollback")

    @precondition(lambda self: len(self.actors) < AT_ONCE and self.model.seq and "read" in self.verbs)
    @rule()
    def read(self) -> None:
        self._start("read")

    @precondition(lambda self: self.actors)
    @rule(number=st.integers(0, AT_ONCE - 1), steps=st.integers(1, 12))
    def go_on(self, number: int, steps: int) -> None:
        self._step(number, *[Fate.DONE] * steps)

    @precondition(lambda self: self.actors)
    @rule(number=st.integers(0, AT_ONCE - 1))
    def go_on_to_the_end(self, number: int) -> None:
        self._step(number, *[Fate.DONE] * 200)

    @precondition(lambda self: self.actors)
    @rule(number=st.integers(0, AT_ONCE - 1))
    def go_on_until_it_deletes_or_moves_a_head(self, number: int) -> None:
        actor = self.actors[number % len(self.actors)]
        actor.grant()
        self._until(actor, "delete", "replace")
        self._reap()

    @precondition(lambda self: self.actors and "go wrong" in self.verbs)
    @rule(number=st.integers(0, AT_ONCE - 1), fate=st.sampled_from([*Fate][1:]))
    def go_wrong(self, number: int, fate: Fate) -> None:
        self._step(number, fate)

    @precondition(lambda self: self.late)
    @rule(number=st.integers(0, 7))
    def arrive(self, number: int) -> None:
        self.late.pop(number % len(self.late))()

    def teardown(self) -> None:
        """Everybody comes to an end; what is there then is whole, and is what was said."""
        try:
            self._end()
        finally:  # after a violation too: no thread is left
            for actor in self.operations:
                while not actor.ended:
                    actor.grant(Fate.KILLED_BEFORE)
        type(self).ended()

    def _end(self) -> None:
        while self.actors:
            self._step(0, *[Fate.DONE] * 1000)
        while self.late:
            self.late.pop(0)()
        if self.model.seq:
            head = parse_head(self.store.get(head_key(PROJECT)), PROJECT, "head")
            assert [each.seq for each in walk_history(self.store, head)] == list(range(self.model.seq, 0, -1))
        report = verify_shelf(self.store, (), lambda _: None)
        assert not [damage for damage in report.damages if not damage.key.startswith("catalog/")], report.damages

    # what is looked at

    def _start(self, verb: str, what: str = "", *, until: str = "") -> None:
        operation = Operation(verb, what)
        name = f"{verb} {what} ({len(self.operations)})"
        actor = Actor(name, lambda store: do(operation, store), self.store, self._see)
        self.operations[actor] = operation
        self.actors.append(actor)
        if until:
            self._until(actor, until)
        self._reap()

    def _until(self, actor: Actor, *verbs: str) -> None:
        """Let ``actor`` go on to the first request of such a kind for something of the project."""
        while not (actor.ended or (actor.verb in verbs and actor.key.startswith("projects/"))):
            actor.grant()

    def _step(self, number: int, *fates: Fate) -> None:
        actor = self.actors[number % len(self.actors)]
        for fate in fates:
            if actor.ended:
                break
            late = actor.grant(fate)
            self.late += [late] if late else []
        self._reap()

    def _reap(self) -> None:
        for actor in [actor for actor in self.actors if actor.ended]:
            self.actors.remove(actor)
            self._judge(actor, self.operations[actor])

    def _judge(self, actor: Actor, operation: Operation) -> None:
        """What an actor was told is what happened."""
        error = actor.error
        assert operation.landed <= 1, f"{actor.name} landed {operation.landed} times"
        if isinstance(error, UNKNOWN):
            return
        if isinstance(error, REFUSED):
            operation.refused = True
            assert not operation.landed, f"{actor.name} was refused, and landed: {error}"
        elif error is not None:
            raise AssertionError(f"{actor.name} failed: {error!r}") from error
        elif operation.verb == "publish" and not operation.landed:
            assert isinstance(actor.result, Head)
            versions, _ = self.model.states[actor.result.seq]
            assert operation.what in versions[operation.what.partition("-")[0]][0]

    def _see(self, actor: Actor, verb: str, key: str, data: bytes) -> None:
        """Every write and every deletion, when it happens."""
        if verb == "delete":
            lost = [release for release, keys in self.named.items() if key in keys]
            assert not lost, f"{actor.name} deletes {key}, which a head named"
        if verb != "replace" or key != head_key(PROJECT):
            return
        head = parse_head(data, PROJECT, key)
        operation = self.operations[actor]
        operation.landed += 1
        assert not operation.refused, f"{actor.name} landed after it was refused"
        self.model.apply(operation)
        assert head.seq == self.model.seq, f"{actor.name} wrote head {head.seq} after {self.model.seq - 1}"
        repository = Repository(self.store)
        gone = {digest for purged in head.purged.values() for digest in purged.releases}
        self.named = {release: keys for release, keys in self.named.items() if release not in gone}
        found = {}
        for version, entry in repository.versions_of(head).items():
            release = repository.release_at(PROJECT, version, entry.release)
            names = frozenset(wheel.filename.removeprefix(f"{PROJECT}-")[:-13] for wheel in release.wheels)
            found[version] = (names, entry.yanked)
            if entry.release not in self.named:
                keys = keys_of_release(repository, version, entry.release)
                self.named[entry.release] = keys
                for each in keys:
                    self.store.get(each)  # everything that a head names is there
        assert (found, head.default) == self.model.now, f"{actor.name} made {found}, not {self.model.now}"
