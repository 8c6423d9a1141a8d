"""Verbs about this machine: cache, doctor."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ..codecs.names import is_sha256
from ..config import read_config
from ..errors import CacheUnusable, ShelfError
from ..render import seconds, size
from .common import Args, Progress, Result, shelf_of

UNUSED = 3600.0  # seconds; `cache prune` keeps what was used within them


def cache(args: Args, progress: Progress) -> Result:
    """``action``: "info", "verify" (hash again), "prune" (environments not used for an hour) or "clear".

    Clearing removes everything that can be fetched again, but for environments in use.
    """
    folder = read_config().cache
    action = args.get("action") or "info"
    if action == "info":
        return _info(folder)
    if action == "verify":
        return _verify(folder, progress)
    from ..environment.prune import prune_environments

    before = _info(folder)["total"]
    removed = prune_environments(folder, unused_for=UNUSED if action == "prune" else 0.0)
    if action == "clear":
        for name in ("objects", "blobs"):  # not "seen": it is what makes a replayed head recognizable
            shutil.rmtree(folder / name, ignore_errors=True)
    freed = max(0, before - int(_info(folder)["total"]))
    return {"cache": str(folder), "removed": len(removed), "freed": freed}


def _verify(folder: Path, progress: Progress) -> Result:
    """Hash every object and blob again; what was edited in place is removed, and comes anew when it is needed."""
    files = [path for name in ("objects", "blobs") for path in sorted((folder / name).glob("*/*")) if path.is_file()]
    damaged = []
    for i, path in enumerate(files):
        progress({"stage": "hashing", "done": i, "total": len(files), "unit": "files", "what": ""})
        digest = path.name.partition("-")[0]
        if not is_sha256(digest):
            continue
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                damaged.append(str(path))
                path.unlink()
    return {"cache": str(folder), "verified": len(files), "damaged": damaged, "exit_code": 4 if damaged else 0}


def doctor(args: Args, progress: Progress) -> Result:
    """One line a check; ``exit_code`` is 1 when one failed. Says nothing secret."""
    config = read_config()
    checks: list[Result] = []

    def check(name: str, find: Callable[[], str]) -> None:
        progress({"stage": "checking", "done": len(checks), "total": 5, "unit": "checks", "what": name})
        try:
            checks.append({"ok": True, "check": name, "found": find()})
        except (ShelfError, OSError) as error:
            checks.append({"ok": False, "check": name, "found": str(error)})

    check("interpreter", _interpreter)
    check("settings", lambda: f"shelf from {config.url_origin}, cache from {config.cache_origin}")
    check("cache", lambda: _writable(config.cache))
    check("shelf", lambda: _reached({"shelf": args.get("shelf") or config.url}))
    check("fetcher", _fetcher)
    return {"checks": checks, "exit_code": 0 if all(c["ok"] for c in checks) else 1}


def _interpreter() -> str:
    from ..target import check_platform

    check_platform()
    return f"Python {sys.version.split()[0]} at {sys.executable}"


def _writable(folder: Path) -> str:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.stat()
    if status.st_uid != os.getuid():
        raise CacheUnusable(str(folder), "it belongs to another user")
    if not os.access(folder, os.W_OK):
        raise CacheUnusable(str(folder), "it cannot be written")
    return f"{folder}, {size(shutil.disk_usage(folder).free)} free"


def _reached(args: Args) -> str:
    begun = time.monotonic()
    shelf = shelf_of(args)
    info = shelf.info()
    return f"{info.name or 'unnamed'} at {shelf.url}, answered in {seconds(time.monotonic() - begun)}"


def _fetcher() -> str:
    from ..importing.client import call

    answer = call("ping", {})
    return f"answers (process {answer.get('pid', '?')})"


def _info(folder: Path) -> Result:
    """Bytes of each part of the cache; a file with several links counts once."""
    parts: dict[str, int] = {}
    seen: set[tuple[int, int]] = set()
    for name in ("objects", "blobs", "environments", "engine"):
        parts[name] = sum(_sizes(folder / name, seen))
    environments = folder / "environments"
    count = sum(1 for e in environments.iterdir() if not e.name.startswith(".")) if environments.is_dir() else 0
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
