"""Putting a packed tree on the shelf: packs, manifest, release, and then the head, which makes them visible.

A crash anywhere before the head leaves what nobody sees; doing it again finds what is there already.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, as_completed
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from packaging.version import InvalidVersion, Version

from ..chains.chain import Signer
from ..chains.commit import Change, change_head, put_immutable
from ..codecs.names import collectable, manifest_key, pack_key, provenance_key, release_key, sha256
from ..codecs.release import format_release
from ..codecs.wheel import parse_wheel_name
from ..errors import Conflict, PublishFailed, VersionMissing
from ..model import Entry, Head, Release, Tree, Wheel
from ..repository import Repository
from ..stores.protocols import Get, GetTagged, PutNew, Replace
from ..threads import Threads

if TYPE_CHECKING:  # an import of a bundle packs nothing, and works without the libraries of a publisher
    from .packing import LocalPack, Packed

PARALLEL = 4  # packs in flight, each held whole
ATTEMPTS = 5  # epochs that may begin while one upload runs


class UploadStore(Get, GetTagged, PutNew, Replace, Protocol):
    """What an upload needs of a store."""


@dataclass(frozen=True, slots=True)
class NewWheel:
    """A packed wheel with what its release shall say; ``wheel.trees`` is empty until the upload."""

    project: str
    version: str
    summary: str
    license: str
    wheel: Wheel
    interpreter: str
    packed: Packed
    remarks: tuple[str, ...] = ()  # for the history
    provenance: bytes = b""  # as it came (PEP 740)


class PackUploads:
    """Packs of a project on their way to the shelf, under the epoch that its head has when this is made.

    Leaving the block drops what has not begun; no thread is left.
    """

    def __init__(self, store: PutNew, repository: Repository, project: str) -> None:
        repository.forget(project)
        self.epoch = _epoch(repository, project)
        self._store, self._project = store, project
        self._threads = Threads("cloudshelf-upload", PARALLEL)
        self._jobs: dict[Future[None], int] = {}

    def __enter__(self) -> PackUploads:
        return self

    def __exit__(self, *error: object) -> None:
        self._threads.__exit__()

    def send(self, pack: LocalPack) -> None:
        """Begin to upload ``pack``; its file has to stay until the upload of the tree is done."""
        job = self._threads.submit(_upload_pack, self._store, self._project, pack, self.epoch)
        self._jobs[job] = pack.size

    def wait(self, progress: Callable[[int], None]) -> None:
        """Until all that was sent is there; raises what the store raised. ``progress`` gets the bytes done."""
        done = 0
        for job in as_completed(self._jobs):
            job.result()
            done += self._jobs[job]
            progress(done)


class _EpochMovedError(Exception):
    """A collector began a new epoch: what was uploaded under the old one may be deleted."""


def upload(
    store: UploadStore,
    repository: Repository,
    new: NewWheel,
    sent: PackUploads,
    *,
    by: str,
    default: bool = False,
    progress: Callable[[int], None] = lambda n: None,
    signer: Signer | None = None,
) -> Head:
    """Put ``new``, whose packs were ``sent``, on the shelf; the head that has it.

    The first version of a project becomes its default, later ones when ``default`` says so. Wheels and trees that the
    version has already stay. Raises PublishFailed when the version has other bytes under this wheel's name.
    """
    with ExitStack() as again:
        for _ in range(ATTEMPTS):
            sent.wait(progress)
            epoch = sent.epoch
            tree = _put_manifest(store, new.project, new.packed, epoch)
            wheel = new.wheel._replace(trees={new.interpreter: tree}, provenance=_put_provenance(store, new))

            def change(present: Head | None, wheel: Wheel = wheel, epoch: int = epoch) -> Change:
                if (present.epoch if present else 0) != epoch:
                    raise _EpochMovedError
                return _add_wheel(store, repository, present, new, wheel, default=default)

            try:
                action = "; ".join([f"publish {new.version}", *new.remarks])
                return change_head(store, new.project, change, by=by, action=action, signer=signer)
            except _EpochMovedError:
                sent = again.enter_context(PackUploads(store, repository, new.project))
                for pack in new.packed.packs:
                    sent.send(pack)
            finally:
                repository.forget(new.project)
    raise Conflict(f"projects/{new.project}/head")


def merge_wheels(wheels: tuple[Wheel, ...], wheel: Wheel) -> tuple[Wheel, ...]:
    """``wheels`` and ``wheel``; one that is there already gets the new tree beside its others.

    Raises PublishFailed when it is there with other bytes: a version that changes is two versions under one name. So is
    a wheel whose name is spelled otherwise and means the same (PEP 427).
    """
    present = {parse_wheel_name(other.filename): other for other in wheels}
    same = present.get(parse_wheel_name(wheel.filename))
    if same is not None:
        if same.sha256 != wheel.sha256:
            raise PublishFailed(
                wheel.filename,
                "the shelf has another wheel of this name, and what was published never changes; "
                "give yours a new version or a build number",
            )
        wheel = same._replace(trees={**same.trees, **wheel.trees})
    return tuple((present | {parse_wheel_name(wheel.filename): wheel}).values())


def _epoch(repository: Repository, project: str) -> int:
    head = repository.last_head(project)
    return head.epoch if head else 0


def _put_manifest(store: PutNew, project: str, packed: Packed, epoch: int) -> Tree:
    data = packed.manifest_for(epoch)
    part = collectable(sha256(data), epoch)
    put_immutable(store, manifest_key(project, part), data)
    return Tree(part, packed.packed, packed.eager)


def _put_provenance(store: PutNew, new: NewWheel) -> str:
    """Its digest; "" for none."""
    if not new.provenance:
        return ""
    digest = sha256(new.provenance)
    put_immutable(store, provenance_key(new.project, digest), new.provenance)
    return digest


def _upload_pack(store: PutNew, project: str, pack: LocalPack, epoch: int) -> None:
    put_immutable(store, pack_key(project, collectable(pack.digest, epoch)), pack.path.read_bytes())


def _add_wheel(
    store: PutNew, repository: Repository, present: Head | None, new: NewWheel, wheel: Wheel, *, default: bool
) -> Change:
    versions: Mapping[str, Entry] = repository.versions_of(present) if present else {}
    entry = versions.get(new.version)
    if entry is None:
        refuse_same_version(versions, new.version, new.wheel.filename)
    old = repository.release_at(new.project, new.version, entry.release) if entry else None
    release = Release(
        project=new.project,
        version=new.version,
        summary=old.summary if old else new.summary,
        license=old.license if old else new.license,
        wheels=merge_wheels(old.wheels if old else (), wheel),
    )
    data = format_release(release)
    put_immutable(store, release_key(new.project, sha256(data)), data)
    first = present is None or present.default is None
    return Change(
        put={new.version: Entry(sha256(data), entry.yanked if entry else None)},
        default=new.version if default or first else None,
    )


def refuse_same_version(versions: Collection[str], new: str, wheel: str) -> None:
    """Raises PublishFailed when ``new`` is one of ``versions`` under another name, as 1.0 and 1.0.0 are (PEP 440):
    nobody knew which of the two a requirement means.
    """
    version = Version(new)
    for other in versions:
        with suppress(InvalidVersion):
            if other != new and Version(other) == version:
                raise PublishFailed(
                    wheel, f"{other} is on the shelf, and {new} is the same version; give yours a new one"
                )


def move_default(
    store: UploadStore, repository: Repository, project: str, version: str, *, by: str, signer: Signer | None = None
) -> Head:
    """Make a version that is on the shelf the one that a bare name takes."""

    def change(present: Head | None) -> Change:
        if present is None or version not in repository.versions_of(present):  # purged meanwhile
            raise VersionMissing(project, version, ())
        return Change(default=version)

    return change_head(store, project, change, by=by, action=f"default {version}", signer=signer)
