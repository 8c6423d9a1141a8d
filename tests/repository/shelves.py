"""Small shelves for tests: real objects through the real codecs and the real commit, wheels of a few bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cloudshelf.catalog import project_facts, update_catalog
from cloudshelf.chains.commit import Change, change_head, put_immutable
from cloudshelf.codecs.manifest import format_manifest
from cloudshelf.codecs.names import manifest_key, pack_key, release_key, sha256
from cloudshelf.codecs.pack import compress_frame
from cloudshelf.codecs.release import format_release
from cloudshelf.errors import OutcomeUnknown
from cloudshelf.model import Entry, File, Frame, Head, Kind, Manifest, Release, Tree, Wheel
from cloudshelf.repository import Repository
from cloudshelf.stores.memory import MemoryStore
from cloudshelf.stores.protocols import Store

A, B = "a" * 64, "b" * 64
BY = "ann"


class Interfering(MemoryStore):
    """A store in which something happens around the next replacements of heads."""

    def __init__(self) -> None:
        super().__init__()
        self.before: list[Callable[[], None]] = []  # run before a head is replaced
        self.after: list[Callable[[], None]] = []  # run after a head was replaced whose reply is lost
        self.lose_replies = 0  # heads that are written, but nobody is told
        self.lose_requests = 0  # heads that never arrive, and nobody is told

    def replace(self, key: str, data: bytes, *, etag: str | None) -> str:
        if key.endswith("/head") and self.before:
            self.before.pop(0)()
        if key.endswith("/head") and self.lose_requests:
            self.lose_requests -= 1
            raise OutcomeUnknown(key, "connection reset")
        written = super().replace(key, data, etag=etag)
        if key.endswith("/head") and self.lose_replies:
            self.lose_replies -= 1
            if self.after:
                self.after.pop(0)()
            raise OutcomeUnknown(key, "connection reset")
        return written

    def overwrite(self, key: str, data: bytes) -> None:
        """What no client of ours does: an object's bytes change."""
        self.delete(key)
        self.put_new(key, data)


def put_version(store: Store, project: str, entries: Mapping[str, Entry], default: str | None = None) -> Head:
    """Commit entries that need not exist."""
    return change_head(
        store, project, lambda head: Change(put=dict(entries), default=default), by=BY, action=f"publish {[*entries]}"
    )


def make_wheel(
    store: Store,
    project: str,
    version: str,
    *,
    tag: str = "py3-none-any",
    requires: Sequence[str] = (),
    requires_python: str = "",
    extras: Sequence[str] = (),
    modules: Sequence[str] | None = None,
) -> Wheel:
    """A wheel with one module, its pack and its manifest on the shelf."""
    name = f"{project.replace('-', '_')}-{version}-{tag}.whl"
    content = f"VERSION = {version!r}\n".encode()
    frame = compress_frame(content)
    pack = f"{sha256(frame)}.0"
    module = project.replace("-", "_")
    manifest = Manifest(
        project=project,
        version=version,
        wheel=name,
        interpreter="",
        files=(File(f"site/{module}/__init__.py", len(content), 0o644, 1, sha256(content), Kind.SOURCE, 0, 0),),
        frames=(Frame(pack, 0, len(frame), len(content), sha256(frame)),),
        eager=1,
        inline={},
        needs={},
        profiles=(),
    )
    data = format_manifest(manifest)
    put_immutable(store, pack_key(project, pack), frame)
    put_immutable(store, manifest_key(project, f"{sha256(data)}.0"), data)
    return Wheel(
        filename=name,
        sha256=sha256(name.encode()),
        size=100,
        origin=f"https://wheels.example/{name}",
        requires_python=requires_python,
        requires_dist=tuple(requires),
        extras=tuple(extras),
        modules=tuple(modules if modules is not None else [module]),
        scripts=(),
        files=1,
        installed=len(content),
        trees={"": Tree(f"{sha256(data)}.0", len(frame), len(frame))},
    )


def publish(
    store: Store,
    project: str,
    version: str,
    *,
    wheels: Sequence[Wheel] = (),
    summary: str = "",
    catalog: bool = True,
    requires: Sequence[str] = (),
    modules: Sequence[str] | None = None,
) -> Release:
    """A version with everything below it; the first one is the default."""
    wheels = wheels or (make_wheel(store, project, version, requires=requires, modules=modules),)
    release = Release(project, version, summary, "MIT", tuple(wheels))
    data = format_release(release)
    put_immutable(store, release_key(project, sha256(data)), data)

    def change(head: Head | None) -> Change:
        default = version if head is None or head.default is None else None
        return Change(put={version: Entry(sha256(data))}, default=default)

    change_head(store, project, change, by=BY, action=f"publish {version}")
    if catalog:
        update_catalog(store, [project_facts(Repository(store), project)])
    return release
