"""Large shelves, made straight through the codecs and the commit: real ones, which ``cloudshelf verify`` accepts.

All versions of a project have the same code, so they share its pack; each has its own manifest and release. Project n
needs project n // 3 and so on down to 0. Wheels for publishing one more, and one of very many files, are made here too.
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from cloudshelf.catalog import update_catalog
from cloudshelf.chains.commit import Change, change_head, init_shelf, put_immutable
from cloudshelf.codecs.catalog import ProjectFacts
from cloudshelf.codecs.manifest import format_manifest
from cloudshelf.codecs.names import manifest_key, pack_key, release_key, sha256
from cloudshelf.codecs.pack import compress_frame
from cloudshelf.codecs.release import format_release
from cloudshelf.errors import ObjectMissing
from cloudshelf.model import Entry, File, Frame, Kind, Manifest, Release, Tree, Wheel

VERSIONS = 20
BY = "benchmark"
_TIME = 1_700_000_000
_WORDS = ("image", "table", "graph", "text", "signal", "queue", "model", "chart", "cache", "stream")


class PlainFolder:
    """A folder store for the one process that makes a shelf: no locks, no temporary names, nothing synchronized."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: set[str] = set()

    @property
    def url(self) -> str:
        return self._folder.as_uri()

    def get(self, key: str) -> bytes:
        try:
            return (self._folder / key).read_bytes()
        except FileNotFoundError:
            raise ObjectMissing(key, self.url) from None

    def get_tagged(self, key: str) -> tuple[bytes, str]:
        return self.get(key), ""

    def put_new(self, key: str, data: bytes) -> None:
        self.replace(key, data, etag=None)

    def replace(self, key: str, data: bytes, *, etag: str | None) -> str:
        folder = key.rpartition("/")[0]
        if folder not in self._made:
            (self._folder / folder).mkdir(parents=True, exist_ok=True)
            self._made.add(folder)
        with open(f"{self._folder}/{key}", "wb") as file:
            file.write(data)
        return ""


def project_name(number: int) -> str:
    return f"project-{number:05}"


def module_name(number: int) -> str:
    return f"project_{number:05}"


def make_shelf(folder: Path, projects: int, releases: Mapping[int, int] | None = None) -> None:
    """A shelf of ``projects`` projects in ``folder``, with its catalog.

    ``releases`` says how many versions a project has, where it is not VERSIONS.
    """
    store = PlainFolder(folder)
    init_shelf(store, f"{projects} projects")
    facts: list[ProjectFacts] = []
    rows: dict[int, tuple[str, str, str]] = {}
    for number in range(projects):
        count = (releases or {}).get(number, VERSIONS)
        entries = _put_project(store, number, [f"1.{minor}" for minor in range(count)])
        default = f"1.{count - 1}"
        rows[number] = (project_name(number), default, entries[default].release)
        facts.append(_facts(number, default, count, tuple(rows[n] for n in needed(number))))
    update_catalog(store, facts)


def needed(number: int) -> Iterator[int]:
    """``number`` and what it needs, down to 0."""
    yield number
    while number:
        number //= 3
        yield number


def _put_project(store: PlainFolder, number: int, versions: list[str]) -> dict[str, Entry]:
    """Every object of a project, its head last; the newest version is the default. Its entries."""
    project, module = project_name(number), module_name(number)
    code = f'"""{_summary(number)}"""\nNUMBER = {number}\n'.encode()
    frame = compress_frame(code)
    pack = f"{sha256(frame)}.0"
    put_immutable(store, pack_key(project, pack), frame)
    content = File(f"site/{module}/__init__.py", len(code), 0o644, _TIME, sha256(code), Kind.SOURCE, 0, 0)
    template = Manifest(
        project=project,
        version="",
        wheel="",
        interpreter="",
        files=(content,),
        frames=(Frame(pack, 0, len(frame), len(code), sha256(frame)),),
        eager=1,
        inline={},
        needs={},
        profiles=(),
    )
    entries = {version: Entry(_put_version(store, number, version, template)) for version in versions}
    change_head(
        store,
        project,
        lambda head: Change(put=entries, default=versions[-1]),
        by=BY,
        action=f"publish {len(versions)} versions",
    )
    return entries


def _put_version(store: PlainFolder, number: int, version: str, template: Manifest) -> str:
    """Manifest and release of one version; the release's digest."""
    project = project_name(number)
    filename = wheel_name(number, version)
    metadata = _metadata(number, version)
    content = File(
        f"site/{module_name(number)}-{version}.dist-info/METADATA",
        len(metadata),
        0o644,
        _TIME,
        sha256(metadata),
        Kind.INLINE,
        -1,
        0,
    )
    manifest = template._replace(
        version=version,
        wheel=filename,
        files=(*template.files, content),
        inline={content.path: metadata},
    )
    data = format_manifest(manifest)
    part = f"{sha256(data)}.0"
    put_immutable(store, manifest_key(project, part), data)
    packed = sum(frame.length for frame in template.frames)
    wheel = Wheel(
        filename=filename,
        sha256=sha256(filename.encode()),
        size=1000,
        origin="",
        requires_python=">=3.11",
        requires_dist=_requires(number),
        extras=(),
        modules=(module_name(number),),
        scripts=(),
        files=len(manifest.files),
        installed=sum(file.size for file in manifest.files),
        trees={"": Tree(part, packed, packed)},
    )
    release = format_release(Release(project, version, _summary(number), "MIT", (wheel,)))
    put_immutable(store, release_key(project, sha256(release)), release)
    return sha256(release)


def _facts(number: int, default: str, versions: int, closure: tuple[tuple[str, str, str], ...]) -> ProjectFacts:
    return ProjectFacts(
        project=project_name(number),
        seq=1,
        summary=_summary(number),
        default=default,
        latest=default,
        versions=versions,
        modules=(module_name(number),),
        requires=(project_name(number // 3),) if number else (),
        closure=closure,
    )


def _summary(number: int) -> str:
    return f"Tools for {_WORDS[number % 10]} and {_WORDS[number // 10 % 10]}, number {number}"


def _requires(number: int) -> tuple[str, ...]:
    return (f"{project_name(number // 3)}>=1.0",) if number else ()


def _metadata(number: int, version: str) -> bytes:
    lines = ["Metadata-Version: 2.1", f"Name: {project_name(number)}", f"Version: {version}"]
    lines += [f"Summary: {_summary(number)}", "Requires-Python: >=3.11"]
    lines += [f"Requires-Dist: {line}" for line in _requires(number)]
    return "\n".join([*lines, "", ""]).encode()


# wheels


def wheel_name(number: int, version: str) -> str:
    return f"{module_name(number)}-{version}-py3-none-any.whl"


def make_wheel(folder: Path, number: int, version: str) -> Path:
    """A wheel of one more version of a project, as the shelf's others are."""
    code = f'"""{_summary(number)}"""\nNUMBER = {number}\nVERSION = "{version}"\n'.encode()
    path = folder / wheel_name(number, version)
    stem, name = f"{module_name(number)}-{version}", f"{module_name(number)}/__init__.py"
    _write_wheel(path, stem, _metadata(number, version), {name: code})
    return path


def make_wide_wheel(folder: Path, files: int) -> Path:
    """A wheel of ``files`` files: half of them modules in packages of 50, half of them data beside them."""
    contents: dict[str, bytes] = {"wide/__init__.py": b"from wide.part_00000 import module_00001\n"}
    number = 0
    while len(contents) < files:
        package = f"wide/part_{number // 50:05}"
        contents.setdefault(f"{package}/__init__.py", b"")
        contents[f"{package}/module_{number:05}.py"] = _module(number)
        contents[f"{package}/data/{number:05}.json"] = b'{"number": %d, "name": "%d"}\n' % (number, number * 7919)
        number += 1
    path = folder / "wide-1.0-py3-none-any.whl"
    metadata = b"Metadata-Version: 2.1\nName: wide\nVersion: 1.0\nSummary: A wheel of very many files\n\n"
    _write_wheel(path, "wide-1.0", metadata, contents)
    return path


def make_flat_wheel(folder: Path, files: int) -> Path:
    """A wheel of ``files`` files of data in one folder."""
    contents = {"flat/__init__.py": b""} | {f"flat/data/{n:05}.json": b'{"number": %d}\n' % n for n in range(files)}
    path = folder / "flat-1.0-py3-none-any.whl"
    metadata = b"Metadata-Version: 2.1\nName: flat\nVersion: 1.0\nSummary: A wheel of one very large folder\n\n"
    _write_wheel(path, "flat-1.0", metadata, contents)
    return path


def _module(number: int) -> bytes:
    lines = [f"def function_{number}_{n}(x):\n    return x * {number * n + 1}\n" for n in range(3)]
    return "\n\n".join(lines).encode()


def _write_wheel(path: Path, stem: str, metadata: bytes, contents: Mapping[str, bytes]) -> None:
    wheel = b"Wheel-Version: 1.0\nGenerator: benchmark\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    info = f"{stem}.dist-info"
    everything = {**contents, f"{info}/METADATA": metadata, f"{info}/WHEEL": wheel}
    record = "".join(f"{name},sha256={_record_digest(data)},{len(data)}\n" for name, data in everything.items())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in everything.items():
            archive.writestr(name, data)
        archive.writestr(f"{info}/RECORD", f"{record}{info}/RECORD,,\n")


def _record_digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
