"""Comparing a flat environment with the manifest that it is of, so that every edit in place of it is found."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

from ..environment.audit import Edit, digest_of
from ..environment.build import pins_of
from ..environment.index import PRIVATE
from ..importing.blocklist import PINS
from ..model import Lock, Manifest
from .flat import inline_files

_OWN = {"users", "presence", "lock.toml", "pins", "staging"}


def flat_edits(path: Path, lock: Lock, manifest: Manifest, told: Callable[[], None]) -> Iterator[Edit]:
    """What was changed, is missing or was added; ``told`` is called at each file that is read."""
    private = path / PRIVATE
    for name in sorted({each.name for each in private.iterdir()} - _OWN):
        yield Edit(private / name, "it was added")
    presence = (private / "presence").read_bytes()
    if len(presence) != max(1, len(manifest.files)) or presence.strip(b"\0\1"):
        yield Edit(private / "presence", "its content was changed")
        return
    if not (path / PINS).is_file() or (path / PINS).read_text() != pins_of(lock).format():
        yield Edit(path / PINS, "its content was changed, or it is missing")
    inline = inline_files(manifest)
    found = {each.name: each for each in path.iterdir() if each.name != PRIVATE}
    for number, file in enumerate(manifest.files):
        place = found.pop(str(number), None)
        if place is None:
            if presence[number]:
                yield Edit(path / str(number), f"it is missing ({file.path})")
            continue
        digest = sha256(inline[number]).hexdigest() if number in inline else file.digest
        if what := _difference(place, file.mode, digest, told):
            yield Edit(place, f"{what} ({file.path})")
    for place in found.values():
        yield Edit(place, "it was added")


def _difference(place: Path, mode: int, digest: str, told: Callable[[], None]) -> str:
    status = place.lstat()
    if not stat.S_ISREG(status.st_mode):
        return "it is no file"
    if status.st_uid != os.geteuid():
        return f"user {status.st_uid} owns it"
    if stat.S_IMODE(status.st_mode) != mode:
        return f"its mode was changed to {stat.S_IMODE(status.st_mode):o}"
    told()
    return "" if digest_of(place) == digest else "its content was changed"
