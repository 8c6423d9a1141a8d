"""Every flipped byte and every truncation is caught before its code could run, and the object is named."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloudshelf.codecs.names import lock_head_key
from cloudshelf.errors import ObjectInvalid, ObjectMissing
from cloudshelf.model import Kind
from cloudshelf.named_locks import NamedLocks
from cloudshelf.repository import Repository
from tests.bad_input.conftest import User, assert_clear
from tests.stress import Checks, amount

from .conftest import MARK


class Overlay:
    """The shelf in a folder, one object of which has other bytes."""

    def __init__(self, folder: Path, key: str, data: bytes) -> None:
        self.url = folder.as_uri()
        self._folder, self._key, self._data = folder, key, data

    def get(self, key: str) -> bytes:
        if key == self._key:
            return self._data
        try:
            return (self._folder / key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise ObjectMissing(key, self.url) from None


def read_all(store: Overlay) -> object:
    """All that is verified on the way to an import of guard, and what lists and bare imports read."""
    repository = Repository(store)
    tree = repository.release("guard", "1.0").wheels[0].trees
    manifests = [repository.manifest("guard", each.manifest) for each in tree.values()]
    lock = NamedLocks(store, repository).read("team/x")  # type: ignore[arg-type]
    rest = repository.listing(), repository.project_of("guard"), repository.closure("guard"), repository.info()
    return manifests, lock, NamedLocks(store, repository).list(), rest  # type: ignore[arg-type]


# What is named by its digest, or has one inside: each change is seen. Shards of the catalog are compressed, and some
# bits of a frame mean nothing: there, a change is seen or makes no difference.
KINDS = {
    "shelf": ("shelf.json", True),
    "head": ("projects/guard/head", True),
    "release": ("projects/guard/release/*", True),
    "manifest": ("projects/guard/manifest/*", True),
    "named lock": (lock_head_key("team/x"), True),
    "its text": ("locks/team/x/_content/*", True),
    "modules": ("catalog/modules/*", True),
    "closure": ("catalog/closure/guard", True),
    "list of locks": ("catalog/locks", True),
    "listing": ("catalog/projects/*", False),
}


@pytest.mark.stress
@pytest.mark.parametrize("kind", KINDS)
def test_every_flip_and_every_truncation_is_caught_and_named(guarded: Path, kind: str, checks: Checks) -> None:
    pattern, strict = KINDS[kind]
    good = read_all(Overlay(guarded, "", b""))
    chance = random.Random(kind)
    for path in sorted(guarded.glob(pattern)):
        key, data = path.relative_to(guarded).as_posix(), path.read_bytes()
        if path.name.startswith(".") or not is_read(guarded, key):
            continue
        changes: list[bytes] = []
        for at in range(len(data)):
            bits = range(8) if amount(0, 1) else [chance.randrange(8)]
            changes += [flipped(data, at, bit) for bit in bits]
        changes += [data[:length] for length in range(len(data))]
        for changed in changes if amount(0, 1) else chance.sample(changes, min(len(changes), 150)):
            try:
                found = read_all(Overlay(guarded, key, changed))
            except ObjectInvalid as error:
                assert error.key == key
                assert_clear(str(error), key)
            else:
                assert not strict and found == good, changed
            checks.add()


def is_read(folder: Path, key: str) -> bool:
    """Whether ``read_all`` asks for it: other shards are empty or of others."""
    asked: list[str] = []

    class Seeing(Overlay):
        def get(self, key: str) -> bytes:
            asked.append(key)
            return super().get(key)

    read_all(Seeing(folder, "", b""))
    return key in asked


def flipped(data: bytes, at: int, bit: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


# Imports, watched by an audit hook of the importing process

WATCHED = """
import hashlib, json, sys
import cloudshelf, cloudshelf.session
MARK = {mark!r}.encode()
reached = {{'marshal': [], 'dlopen': []}}

def hook(event, args):
    if event == 'marshal.loads' and MARK in bytes(args[0]):
        reached['marshal'].append(hashlib.sha256(args[0]).hexdigest())
    elif event == 'import' and 'guard' in args[0] and str(args[1]).endswith('.so'):
        with open(args[1], 'rb') as file:
            reached['dlopen'].append(hashlib.sha256(file.read()).hexdigest())

sys.addaudithook(hook)

def attempt():
    try:
        cloudshelf.use('guard')
        import guard, guard.late
    except Exception as error:
        for name in [name for name in sys.modules if name.startswith('guard')]:
            del sys.modules[name]
        facts = dict(error=type(error).__name__, key=getattr(error, 'key', ''), text=str(error))
        return facts | reached | dict(import_error=isinstance(error, ImportError))
    return reached | dict(error=None)

for line in sys.stdin:
    print(json.dumps(attempt()), flush=True)
"""


def needed(shelf: Path) -> list[tuple[Path, int, int]]:
    """Objects, and which bytes of them, that an import of guard needs: each of them fails as long as it is damaged."""
    found = [path for kind in ("head", "release/*", "manifest/*") for path in shelf.glob(f"projects/guard/{kind}")]
    whole = [(path, 0, path.stat().st_size) for path in found if not path.name.startswith(".")]
    repository = Repository(Overlay(shelf, "", b""))
    (tree,) = repository.release("guard", "1.0").wheels[0].trees.values()
    manifest = repository.manifest("guard", tree.manifest)
    numbers = sorted({file.frame for file in manifest.files if file.kind is not Kind.IDLE and file.frame >= 0})
    frames = [manifest.frames[number] for number in numbers]
    assert len(whole) == 3 and len(frames) > 1
    return whole + [
        (shelf / "projects/guard/pack" / each.pack, each.offset, each.offset + each.length) for each in frames
    ]


@pytest.mark.stress
def test_nothing_changed_reaches_marshal_or_dlopen(
    guarded: Path, users: Callable[..., User], tmp_path: Path, checks: Checks
) -> None:
    shelf = tmp_path / "copy"
    shutil.copytree(guarded, shelf)
    chance = random.Random(5)
    for path, start, stop in needed(shelf):
        key, data = path.relative_to(shelf).as_posix(), path.read_bytes()
        user = users(shelf.as_uri())  # an empty cache: what is in place already needs no bytes of the shelf
        path.chmod(0o600)
        with user.talking(WATCHED.format(mark=MARK)) as script:
            for number in range(amount(3, 200)):
                at = chance.randrange(start, stop)
                path.write_bytes(data[:at] if number % 3 == 2 else flipped(data, at, chance.randrange(8)))
                found = attempt(script)
                assert found["error"] == "ObjectInvalid" and not found["import_error"], found
                assert found["key"] == key
                assert_clear(found["text"], key)
                checks.add()
            path.write_bytes(data)
            found = attempt(script)
        assert found["error"] is None
        # The hook does see them: the code of three modules and the native one, and never anything else.
        assert len(set(found["marshal"])) == 3 and len(set(found["dlopen"])) == 1


def attempt(script: subprocess.Popen[str]) -> dict[str, Any]:
    """What one more ``import guard`` came to, and what has reached marshal.loads and dlopen until then."""
    assert script.stdin is not None and script.stdout is not None
    script.stdin.write("\n")
    script.stdin.flush()
    answer = script.stdout.readline()
    assert answer.startswith("{"), answer + script.stdout.read()
    return dict(json.loads(answer))
