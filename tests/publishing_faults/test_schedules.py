"""Random schedules of everything that may happen to a project: nothing is lost, nothing half, nothing twice.

And the mutants: what the protocol of docs/format.md demands is taken out of the real code, one thing after the other,
and the schedules find out.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from cloudshelf.chains import chain, commit
from cloudshelf.chains.commit import put_immutable
from cloudshelf.codecs.names import manifest_key, pack_key, sha256
from cloudshelf.errors import ShelfError
from cloudshelf.head_changes import HeadChanges
from cloudshelf.model import Tree
from cloudshelf.publisher import packing, upload
from cloudshelf.publisher.upload import PackUploads
from cloudshelf.repository import Repository
from cloudshelf.stores import memory
from cloudshelf.stores.memory import MemoryStore
from cloudshelf.upkeep import collecting, garbage, purging
from tests.stress import EVERYTHING, Checks, amount

from .machine import Schedules, chance

SHARDS = 8


@pytest.fixture(autouse=True)
def one_request_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """An actor asks one thing after the other, waits for nothing else, and leaves the derived catalog alone.

    No real clock and no real chance: what a schedule does twice is the same twice, however busy the machine is, as
    hypothesis needs it. Names made by chance decide what is looked at first, so they are part of it.
    """
    ticks = count(1)
    names = SimpleNamespace(uuid4=lambda: uuid.UUID(int=chance.getrandbits(128)))
    for module in (chain, collecting, commit):
        monkeypatch.setattr(module, "uuid", names)
    monkeypatch.setattr(memory, "time", SimpleNamespace(time=lambda: float(next(ticks))))
    for module in (chain, purging):
        monkeypatch.setattr(module, "moment", lambda: "2026-11-01T00:00:00Z")
    for module in (garbage, collecting, upload):
        monkeypatch.setattr(module, "PARALLEL", 1)
    monkeypatch.setattr(chain, "pause", lambda attempt, took: None)
    monkeypatch.setattr(Repository, "suggest", lambda self, project: ())
    monkeypatch.setattr(HeadChanges, "_refresh_catalog", lambda self, project: ())


def run(examples: int, *, ended: Callable[[], None] = lambda: None) -> None:
    chosen = settings(
        max_examples=examples,
        stateful_step_count=30,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    machine = type("Machine", (Schedules,), {"ended": staticmethod(ended)})
    run_state_machine_as_test(machine, settings=chosen)  # type: ignore[arg-type]


@pytest.mark.stress
@pytest.mark.parametrize("shard", range(SHARDS))
def test_whatever_crashes_is_lost_or_comes_late_the_shelf_is_whole_and_as_it_was_said(
    shard: int, checks: Checks
) -> None:
    run(amount(40, 2_500), ended=checks.add)


# The mutants: each is one function of the real code, without the one thing that it is there for.


def no_fence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(collecting, "fence", lambda store, found, objects, **who: list(objects))


def no_epoch_in_the_key_of_a_pack(patch: pytest.MonkeyPatch) -> None:
    def put(store: Any, project: str, pack: packing.LocalPack, epoch: int) -> None:
        put_immutable(store, pack_key(project, f"{pack.digest}.0"), pack.path.read_bytes())

    patch.setattr(upload, "_upload_pack", put)
    patch.setattr(packing, "collectable", lambda digest, epoch: f"{digest}.0")


def no_epoch_in_the_key_of_a_manifest(patch: pytest.MonkeyPatch) -> None:
    def put(store: Any, project: str, packed: packing.Packed, epoch: int) -> Tree:
        data = packed.manifest_for(epoch)
        put_immutable(store, manifest_key(project, f"{sha256(data)}.0"), data)
        return Tree(f"{sha256(data)}.0", packed.packed, packed.eager)

    patch.setattr(upload, "_put_manifest", put)


def head_before_packs(patch: pytest.MonkeyPatch) -> None:
    leave = PackUploads.__exit__

    def send_late(uploads: PackUploads, *error: object) -> None:
        for pack in uploads.__dict__.get("later", []):
            upload._upload_pack(uploads._store, uploads._project, pack, uploads.epoch)
        leave(uploads, *error)

    patch.setattr(PackUploads, "send", lambda self, pack: self.__dict__.setdefault("later", []).append(pack))
    patch.setattr(PackUploads, "__exit__", send_late)


def unconditional_head(patch: pytest.MonkeyPatch) -> None:
    conditional = MemoryStore.replace

    def replace(store: MemoryStore, key: str, data: bytes, *, etag: str | None) -> str:
        if key.endswith("/head"):
            store.delete(key)
            etag = None
        return conditional(store, key, data, etag=etag)

    patch.setattr(MemoryStore, "replace", replace)


def collecting_what_a_head_once_named(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(garbage, "walk", lambda store, head, since=0: [head])


# More of the same kind.


def collecting_what_was_named_since_the_look(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(collecting, "find_named", lambda store, project, since: (0, set()))


def a_lost_reply_is_taken_for_a_lost_write(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(chain, "_find_write", lambda *_: None)


def a_publish_that_does_not_look_at_the_epoch(patch: pytest.MonkeyPatch) -> None:
    real = upload.change_head

    def change_head(store: Any, project: str, change: Any, **options: Any) -> Any:
        def blind(present: Any) -> Any:
            try:
                return change(present)
            except upload._EpochMovedError:
                return change(present._replace(epoch=kept[0]))

        kept = [change.__defaults__[1]]
        return real(store, project, blind, **options)

    patch.setattr(upload, "change_head", change_head)


def a_rollback_that_brings_back_what_was_purged(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(commit, "without_purged", lambda versions, purged: dict(versions))


def a_purge_without_a_new_epoch(patch: pytest.MonkeyPatch) -> None:
    real = purging.Change
    patch.setattr(purging, "Change", lambda purge, epoch: real(purge=purge, epoch=epoch - 1))


MUTANTS = [
    no_fence,
    no_epoch_in_the_key_of_a_pack,
    no_epoch_in_the_key_of_a_manifest,
    head_before_packs,
    unconditional_head,
    collecting_what_a_head_once_named,
]
MORE = [  # that take longer to find
    collecting_what_was_named_since_the_look,
    a_lost_reply_is_taken_for_a_lost_write,
    a_publish_that_does_not_look_at_the_epoch,
    a_rollback_that_brings_back_what_was_purged,
    a_purge_without_a_new_epoch,
]


@pytest.mark.stress
@pytest.mark.parametrize("mutant", [*MUTANTS, *(MORE if EVERYTHING else [])], ids=lambda mutant: mutant.__name__)
def test_a_mutant_of_the_protocol_is_found_out(
    mutant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch, checks: Checks
) -> None:
    mutant(monkeypatch)
    with pytest.raises((AssertionError, ShelfError)) as caught:
        run(10_000)
    assert not re.search(r"(Name|Type|Attribute|Index)Error", str(caught.value))  # of a mutant that cannot run
    checks.add()
