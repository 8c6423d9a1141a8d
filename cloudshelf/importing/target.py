"""Which fetcher an environment is filled by: its cache, its socket, and the command that starts it."""

from __future__ import annotations

import os
import sys

from ..errors import CacheUnusable
from .paths import cache_folder, socket_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_targets: dict[str, Target] = {}


class Target:
    """A fetcher: which one (by its socket), and how to start it."""

    __slots__ = ("cache", "command", "path")

    def __init__(self, cache: str, command: Sequence[str]) -> None:
        self.cache = cache
        self.command = list(command)
        self.path = socket_path(cache, command)

    @property
    def log(self) -> str:
        return f"{self.cache}/fetcher/log"


def target_of(environment: str) -> Target:
    """The fetcher that an environment's config names; this interpreter's own when that one is gone.

    Raises CacheUnusable.
    """
    key = f"{environment}\0{_credential_stamp()}"
    target = _targets.get(key)
    if target is None:
        config = _read_config(environment)
        command = [str(word) for word in config.get("fetcher", ())]
        if not (command and os.access(command[0], os.X_OK)):
            command = _own_command() or command
        _targets[key] = target = Target(str(config.get("cache") or cache_folder()), command)
    return target


def default_target() -> Target:
    """The fetcher for calls: that of the cache the settings name, started with this interpreter.

    In an environment's own python, which has no cloudshelf installed, the environment's.
    """
    command = _own_command()
    if command:
        return Target(cache_folder(), command)
    return target_of(os.environ.get("CLOUDSHELF_ENVIRONMENT") or sys.prefix)


def _own_command() -> list[str]:
    """How this process would start a fetcher; empty in a copy of this package, which has none."""
    package = __name__.partition(".")[0]
    return [sys.executable, "-m", f"{package}.fetcher"] if package == "cloudshelf" and sys.executable else []


def _read_config(environment: str) -> dict[str, Any]:
    import json

    path = f"{environment}/.cloudshelf/config"
    try:
        with open(path, encoding="utf-8") as file:
            return dict(json.load(file))
    except (OSError, ValueError, TypeError) as error:
        raise CacheUnusable(path, f"it cannot be read ({error})") from None


def _credential_stamp() -> int:
    """Changes when a variable of this process does: another credential environment is another fetcher's."""
    data = getattr(os.environ, "_data", None)  # the same without decoding, which would take 50 us a request
    return hash(frozenset(os.environ.items() if data is None else data.items()))
