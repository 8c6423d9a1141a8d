"""Verbs about this machine: cache, doctor."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ..cache.lower_cache import BLOBS, OBJECTS, LowerCache, lower_caches
from ..cache_place import NOEXEC, is_noexec, network_of, replaceable
from ..codecs.names import is_sha256
from ..config import FLAGS, read_config, read_flag, read_trust
from ..environment.index import PRIVATE
from ..environment.place import FLAT
from ..environment.prune import environment_folders
from ..errors import CacheUnusable, DiskFull, ShelfError
from ..model import Lock, Manifest
from ..quantities import seconds, size
from ..shelf import Shelf
from ..stores.opening import shared_store
from ..urls import split_urls
from .common import Args, Progress, Result, shelf_of
from .endpoints import endpoint_checks
from .environments import environment_checks

UNUSED = 3600.0  # seconds; `cache prune` keeps what was used within them
SCARCE = 10_000_000  # bytes free; with less, hardly anything can be imported


def cache(args: Args, progress: Progress) -> Result:
    """``action``: "info", "verify", "prune" (environments not used for an hour) or "clear".

    Verifying compares everything with what it should be; ``repair`` puts right what is not. Clearing removes everything
    that can be fetched again, but for environments in use. Locks that wait for a notebook go by both when they are old.
    Raises CacheUnusable.
    """
    folder = read_config().cache
    action = args.get("action") or "info"
    if folder.exists():
        _refuse_foreign(folder)
    if action == "info":
        return _info(folder)
    if action == "verify":
        return _verify(folder, args, progress)
    from ..environment.prune import prune_environments
    from ..fetcher.disk import remove_leftovers
    from ..kept_locks import prune_locks

    before = _info(folder)["total"]
    removed = prune_environments(folder, unused_for=UNUSED if action == "prune" else 0.0)
    prune_locks(folder)
    for place in (folder / BLOBS / "tmp", *(path / PRIVATE / "staging" for path in environment_folders(folder))):
        remove_leftovers(place)  # of fetchers that were killed: the next one would, too, but there may be none
    if action == "clear":
        for path in _contents(folder):  # not "seen": it is what makes a replayed head recognizable
            with contextlib.suppress(OSError):
                path.unlink()  # its folder stays: a fetcher that runs writes there
    left = _info(folder)
    freed = max(0, before - int(left["total"]))
    return {"cache": str(folder), "removed": len(removed), "kept": left["environments"], "freed": freed}


def _contents(folder: Path) -> list[Path]:
    """The files of the cache that are named by their digest: whatever else lies there is not ours to remove."""
    found = (path for name in ("objects", "blobs") for path in sorted((folder / name).glob("*/*")))
    return [path for path in found if is_sha256(path.name.partition("-")[0]) and path.is_file()]


def _verify(folder: Path, args: Args, progress: Progress) -> Result:
    """Compare everything with what it should be; with ``repair``, put right what is not."""
    from ..cache_check import CacheCheck

    total, done = sum(1 for _, _, names in os.walk(folder) for _ in names), 0

    def told() -> None:
        nonlocal done
        done += 1
        progress({"stage": "hashing", "done": done, "total": max(total, done), "unit": "files", "what": ""})

    caches = (LowerCache(folder), *lower_caches(read_config()))  # looked at, and left as they are

    def manifests(lock: Lock) -> list[Manifest]:
        return Shelf(*map(shared_store, split_urls(lock.shelf)), lower=caches).manifests(lock)

    report = CacheCheck(folder, manifests, told, repair=bool(args.get("repair"))).run()
    left = [finding for finding in report.findings if not finding.repaired]
    return {
        "cache": str(folder),
        "verified": report.files,
        "damaged": [finding._asdict() for finding in report.findings],
        "unchecked": [each._asdict() for each in report.unchecked],
        "exit_code": 4 if left else 3 if any(each.failed for each in report.unchecked) else 0,
    }


def doctor(args: Args, progress: Progress) -> Result:
    """One line a check; ``exit_code`` is 1 when one failed. Says nothing secret."""
    checks: list[Result] = []

    def check(name: str, find: Callable[[], str]) -> None:
        progress({"stage": "checking", "done": len(checks), "total": 0, "unit": "checks", "what": name})
        try:
            checks.append({"ok": True, "check": name, "found": find()})
        except ShelfError as error:
            checks.append({"ok": False, "check": name, "found": str(error)})
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            checks.append({"ok": False, "check": name, "found": f"{where}{error.strerror or error}"})

    check("interpreter", _interpreter)
    check("settings", lambda: _settings(args))
    check("cache", lambda: _writable(read_config().cache))
    for lower in _lower_caches():
        check("lower cache", partial(_lower_found, lower))
    for name, find in endpoint_checks(_shelf_named(args)):
        check(name, find)
    check("shelf", lambda: _reached({"shelf": args.get("shelf") or read_config().url}))
    check("signatures", lambda: _trusted({"shelf": args.get("shelf") or read_config().url}))
    check("fetcher", _fetcher)
    with contextlib.suppress(ShelfError, OSError):  # the checks of settings and cache say it
        checks += environment_checks(read_config().cache, progress)
    return {"checks": checks, "exit_code": 0 if all(c["ok"] for c in checks) else 1}


def _lower_caches() -> tuple[LowerCache, ...]:
    """None where the settings are wrong, which has a check of its own."""
    try:
        return lower_caches(read_config())
    except ShelfError:
        return ()


def _lower_found(lower: LowerCache) -> str:
    return f"{lower.folder}" if lower.check() else f"{lower.folder}: it is not there, and so not used"


def _shelf_named(args: Args) -> str | None:
    """The shelf that is meant; None where the settings are wrong, which has a check of its own."""
    try:
        return args.get("shelf") or read_config().url
    except ShelfError:
        return None


def completion(args: Args, progress: Progress) -> Result:
    """The script for the shell ``interpreter``: bash, zsh or fish."""
    from ..language.shell_completion import script_of

    shell = str(args["interpreter"])
    return {"shell": shell, "script": script_of(shell)}


def _interpreter() -> str:
    from ..target import check_platform

    check_platform()
    return f"Python {sys.version.split()[0]} at {sys.executable}"


def _settings(args: Args) -> str:
    """Where each came from. A shelf that was named with the verb, or connected, needs no setting."""
    config = read_config()
    named = args.get("shelf") and args["shelf"] != config.url
    flags = {name: read_flag(name) for name in FLAGS}
    off = [f"{name.replace('_', ' ')}: off, {origin}" for name, (is_on, origin) in flags.items() if not is_on]
    return "; ".join([f"shelf: {'named here' if named else config.url_origin}", f"cache: {config.cache_origin}", *off])


def _writable(folder: Path) -> str:
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True)
    _refuse_foreign(folder)
    if not os.access(folder, os.W_OK) or os.statvfs(folder).f_flag & os.ST_RDONLY:
        raise CacheUnusable(str(folder), "it cannot be written")
    free = shutil.disk_usage(folder).free
    if free < SCARCE:
        raise DiskFull(str(folder))
    if is_noexec(folder):
        raise CacheUnusable(str(folder), NOEXEC)
    if others := replaceable(folder):
        raise CacheUnusable(str(folder), f"others can write to {others} and put another folder in its place")
    kind = network_of(folder)
    return f"{folder}, {size(free)} free" + (f"; on a network ({kind}), which is slow" if kind else "")


def _refuse_foreign(folder: Path) -> None:
    """Raises CacheUnusable for what is no folder, or somebody else's."""
    if not folder.is_dir():
        raise CacheUnusable(str(folder), "it is not a folder")
    if folder.stat().st_uid != os.geteuid():
        raise CacheUnusable(str(folder), "another user owns it")


def _reached(args: Args) -> str:
    begun = time.monotonic()
    shelf = shelf_of(args)
    info = shelf.info()
    return f"{info.name or 'unnamed'} at {shelf.url}, answered in {seconds(time.monotonic() - begun)}"


def _trusted(args: Args) -> str:
    """What is required of signatures here, and whether the shelf's root document meets it."""
    text, origin = read_trust()
    if not text:
        return "not required here (CLOUDSHELF_TRUST)"
    ends = [
        repository.trust.root().expires
        for repository in shelf_of(args).repository.parts
        if repository.trust is not None
    ]
    return f"required by {origin}; the root document is good until {min(ends)}"


def _fetcher() -> str:
    from ..importing.client import call

    answer = call("ping", {})
    return f"answers (process {answer.get('pid', '?')})"


def _info(folder: Path) -> Result:
    """Bytes of each part of the cache, as the disk has them; a file with several links counts once, in the first."""
    parts = dict.fromkeys((OBJECTS, BLOBS, "environments", FLAT, "engine"), 0)
    seen: set[tuple[int, int]] = set()
    for name in parts:
        parts[name] = sum(_sizes(folder / name, seen))
    parts["other"] = sum(_sizes(folder, seen))
    count = len(environment_folders(folder))
    return {"cache": str(folder), "environments": count, "parts": parts, "total": sum(parts.values())}


def _sizes(folder: Path, seen: set[tuple[int, int]]) -> list[int]:
    found = []
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                status = os.lstat(f"{parent}/{name}")
            except OSError:  # pruned meanwhile
                continue
            if (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                found.append(status.st_blocks * 512)
    return found
