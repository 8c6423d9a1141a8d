"""Manifest: one wheel's installed tree, zstd-compressed columns of JSON. See docs/format.md."""

from __future__ import annotations

import base64
import itertools
import posixpath
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import zstandard

from ..errors import ObjectInvalid
from ..model import File, Frame, Kind, Manifest, Profile
from .compression import decompress_object
from .envelope import Fields, format_object, parse_object
from .names import are_sha256, is_collectable, is_sha256
from .pack import LARGEST_FRAME
from .tree import below_links

_KINDS = {kind.value: kind for kind in Kind}
_NO_NAMES = ("", ".", "..")
_ANYWHERE = 1 << 62  # more than frames can hold
_LATEST = 1 << 36  # seconds, the year 4147: file systems take no later time of a file
_OVERHEAD = 1 << 16  # bytes that a frame may have more than its content: what cannot be compressed is stored (RFC 8878)
SCHEMES = ("site", "scripts", "data", "headers")
LARGEST = 1 << 28  # bytes of JSON: a manifest of 50,000 files has about 8 MB


def format_manifest(manifest: Manifest) -> bytes:
    packs = sorted({frame.pack for frame in manifest.frames})
    number = {pack: i for i, pack in enumerate(packs)}
    files, frames = manifest.files, manifest.frames
    fields: dict[str, Any] = {
        "project": manifest.project,
        "version": manifest.version,
        "wheel": manifest.wheel,
        "interpreter": manifest.interpreter,
        "eager": manifest.eager,
        "packs": packs,
        "frames": {
            "pack": [number[f.pack] for f in frames],
            "offset": [f.offset for f in frames],
            "length": [f.length for f in frames],
            "size": [f.size for f in frames],
            "digest": [f.digest for f in frames],
        },
        "files": {
            "path": [f.path for f in files],
            "size": [f.size for f in files],
            "mode": [f.mode for f in files],
            "mtime": [f.mtime for f in files],
            "digest": [f.digest for f in files],
            "kind": "".join(f.kind for f in files),
            "frame": [f.frame + 1 for f in files],  # 0 is inline
            "offset": [f.offset for f in files],
        },
        "inline": {path: base64.b64encode(data).decode() for path, data in manifest.inline.items()},
        "needs": {str(i): list(names) for i, names in manifest.needs.items()},
        "profiles": [
            {
                "module": p.module,
                "order": list(p.order),
                "opened": list(p.opened),
                "projects": list(p.projects),
                "modules": list(p.modules),
                "error": p.error,
            }
            for p in manifest.profiles
        ],
        "links": dict(manifest.links),
        "imports": _format_imports(manifest.imports),
        "later": _format_imports(manifest.later),
    }
    return zstandard.ZstdCompressor(level=12).compress(format_object("manifest", fields))


def parse_manifest(data: bytes, project: str, key: str) -> Manifest:
    """The manifest of a wheel of ``project``. Every number and path is checked here, once, so that users need not."""
    fields = parse_object(decompress_object(data, "manifest", LARGEST, key), "manifest", key)
    if fields.text("project") != project:
        raise ObjectInvalid(key, f"it is a manifest of {fields.text('project')!r}")
    frames = _parse_frames(Fields(fields.mapping("frames"), key), fields.texts("packs"))
    files = _parse_files(Fields(fields.mapping("files"), key), frames)
    inline = {path: _decode(text, key) for path, text in fields.mapping("inline").items()}
    for file in files:
        if file.frame < 0 and len(inline.get(file.path, b"")) != file.size:
            raise ObjectInvalid(key, f"{file.path} is neither in a frame nor inline")
    if fields.count("eager") > len(files):
        raise ObjectInvalid(key, "it counts more files than it has")
    links = _parse_links(Fields(fields.mapping("links"), key), files)
    return Manifest(
        project=project,
        version=fields.text("version"),
        wheel=fields.text("wheel"),
        interpreter=fields.text("interpreter"),
        files=files,
        frames=frames,
        eager=fields.count("eager"),
        inline=inline,
        needs=_parse_needs(Fields(fields.mapping("needs"), key), files),
        profiles=tuple(_parse_profile(p, len(files)) for p in fields.items("profiles")),
        links=links,
        imports=_parse_imports("imports", fields, files),
        later=_parse_imports("later", fields, files),
    )


def _format_imports(imports: Mapping[int, tuple[str, ...]]) -> dict[str, Any]:
    names = sorted({name for imported in imports.values() for name in imported})
    number = {name: i for i, name in enumerate(names)}
    return {"names": names, "of": {str(file): [number[name] for name in imports[file]] for file in sorted(imports)}}


def _parse_imports(field: str, manifest: Fields, files: tuple[File, ...]) -> dict[int, tuple[str, ...]]:
    if field not in manifest.raw:
        return {}
    fields = Fields(manifest.mapping(field), manifest.key)
    key, names = fields.key, fields.texts("names")
    imported = fields.mapping("of")
    if not _are_numbers(imported.values(), len(names)):
        for file, numbers in imported.items():  # only to name the one that is wrong: there may be thousands
            if not _are_numbers([numbers], len(names)):
                raise ObjectInvalid(key, f"what file {file} imports is malformed")
    return {
        _file_number(file, files, key): tuple(map(names.__getitem__, numbers)) for file, numbers in imported.items()
    }


def _are_numbers(rows: Collection[Any], end: int) -> bool:
    """Whether all ``rows`` are lists of integers from 0 to below ``end``."""
    if not all(type(row) is list for row in rows):
        return False
    numbers = list(itertools.chain.from_iterable(rows))
    return set(map(type, numbers)) <= {int} and (not numbers or (min(numbers) >= 0 and max(numbers) < end))


def _decode(text: Any, key: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, TypeError) as error:
        raise ObjectInvalid(key, f"an inline file is malformed ({error})") from None


def _parse_needs(fields: Fields, files: tuple[File, ...]) -> dict[int, tuple[str, ...]]:
    return {_file_number(number, files, fields.key): fields.texts(number) for number in fields.raw}


def _parse_links(fields: Fields, files: tuple[File, ...]) -> dict[str, str]:
    """No file and no link lies behind a link, where writing it would follow that."""
    links = {_checked_path(path, fields.key): fields.text(path) for path in fields.raw}
    if links:
        paths = [file.path for file in files]
        if not links.keys().isdisjoint(paths) or below_links([*paths, *links], links):
            raise ObjectInvalid(fields.key, "a path of it lies behind a link")
        if any("\0" in target or not target for target in links.values()):
            raise ObjectInvalid(fields.key, "a link of it leads to no name")
    return links


def _parse_frames(columns: Fields, packs: tuple[str, ...]) -> tuple[Frame, ...]:
    if not all(map(is_collectable, packs)):
        raise ObjectInvalid(columns.key, "it names something that is not a pack")
    numbers, offsets, lengths, sizes = (columns.counts(name) for name in ("pack", "offset", "length", "size"))
    digests = columns.texts("digest")
    _check_columns([numbers, offsets, lengths, sizes, digests], columns.key)
    if max(sizes, default=0) > LARGEST_FRAME or max(lengths, default=0) > LARGEST_FRAME + _OVERHEAD:
        raise ObjectInvalid(columns.key, "a frame of it is larger than a frame can be")
    if any(number >= len(packs) for number in numbers):
        raise ObjectInvalid(columns.key, "a frame is in a pack that it does not name")
    return tuple(
        Frame(packs[n], o, length, s, d)
        for n, o, length, s, d in zip(numbers, offsets, lengths, sizes, digests, strict=True)
    )


def _parse_files(columns: Fields, frames: tuple[Frame, ...]) -> tuple[File, ...]:
    key = columns.key
    paths, digests, kinds = columns.texts("path"), columns.texts("digest"), columns.text("kind")
    sizes, modes, mtimes, numbers, offsets = map(columns.counts, ("size", "mode", "mtime", "frame", "offset"))
    _check_columns([paths, sizes, modes, mtimes, digests, kinds, numbers, offsets], key)
    _check_rows(paths, modes, mtimes, digests, kinds, key)
    _check_paths(paths, key)
    _check_places(paths, sizes, numbers, offsets, frames, key)
    if len(set(paths)) != len(paths):
        raise ObjectInvalid(key, "a path stands in it twice")
    meant = map(_KINDS.__getitem__, kinds)
    rows = zip(paths, sizes, modes, mtimes, digests, meant, [n - 1 for n in numbers], offsets, strict=True)
    return tuple(map(File._make, rows))


def _check_rows(
    paths: Sequence[str],
    modes: Sequence[int],
    mtimes: Sequence[int],
    digests: Sequence[str],
    kinds: str,
    key: str,
) -> None:
    """Looks at whole columns, and at rows only to name the one that is wrong: there may be 50,000."""
    if (
        are_sha256(digests)
        and set(kinds) <= _KINDS.keys()
        and max(modes, default=0) <= 0o777
        and max(mtimes, default=0) <= _LATEST
    ):
        return
    for path, mode, mtime, digest, kind in zip(paths, modes, mtimes, digests, kinds, strict=True):
        if not is_sha256(digest) or kind not in _KINDS or mode > 0o777 or mtime > _LATEST:
            raise ObjectInvalid(key, f"its row of {path} is malformed")


def _check_paths(paths: Sequence[str], key: str) -> None:
    """Looks at each folder once, and at each path only to name the one that is wrong."""
    text = "\0".join((*paths, ""))
    are_names = text.count("\0") == len(paths) and not any(f"/{name}\0" in text for name in _NO_NAMES)
    if are_names and all(_is_allowed(f"{folder}/name") for folder in {path.rpartition("/")[0] for path in paths}):
        return
    for path in paths:
        _checked_path(path, key)


def _check_places(
    paths: Sequence[str],
    sizes: Sequence[int],
    numbers: Sequence[int],
    offsets: Sequence[int],
    frames: tuple[Frame, ...],
    key: str,
) -> None:
    """Each file lies within its frame, which is counted from 1, and those that follow; 0 is for none."""
    inside = [_ANYWHERE, *(frame.size for frame in frames)]
    starts = [-_ANYWHERE, *itertools.accumulate((frame.size for frame in frames[:-1]), initial=0)]
    end = sum(frame.size for frame in frames)
    for path, size, number, offset in zip(paths, sizes, numbers, offsets, strict=True):
        if number > len(frames) or offset > inside[number] or starts[number] + offset + size > end:
            raise ObjectInvalid(key, f"{path} lies outside its frames")


def _parse_profile(fields: Fields, files: int) -> Profile:
    order, opened = fields.counts("order"), fields.counts("opened")
    if any(i >= files for i in (*order, *opened)):
        raise ObjectInvalid(fields.key, "its profile names a file that it does not have")
    modules = fields.texts("modules") if "modules" in fields.raw else ()
    return Profile(
        fields.text("module"), tuple(order), tuple(opened), fields.texts("projects"), fields.text("error"), modules
    )


def _file_number(text: str, files: tuple[File, ...], key: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number < len(files) or str(number) != text:
        raise ObjectInvalid(key, f"it has no file {text}")
    return number


def _check_columns(columns: list[Any], key: str) -> None:
    if len({len(column) for column in columns}) != 1:
        raise ObjectInvalid(key, "its columns differ in length")


def _checked_path(path: str, key: str) -> str:
    if not _is_allowed(path):
        raise ObjectInvalid(key, f"the path {path!r} is not allowed")
    return path


def _is_allowed(path: str) -> bool:
    """Paths stay inside their scheme: what writes them to disk relies on this."""
    scheme, slash, rest = path.partition("/")
    return not (
        scheme not in SCHEMES
        or not slash
        or not rest
        or "\0" in path
        or posixpath.normpath(path) != path
        or rest.startswith("/")
        or any(part == ".." for part in rest.split("/"))
    )
