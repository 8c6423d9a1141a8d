"""The lock that a panel's notebook carries, beside what is pinned here."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from cloudshelf.codecs.notebook import KEY, Block, parse_block
from cloudshelf.errors import ShelfError
from cloudshelf.requirements.lock_text import lock_pins

Json = dict[str, Any]


class Carried:
    """A notebook's lock, as its front end told it."""

    def __init__(self, block: Any, path: str) -> None:
        """``block`` is ``metadata.cloudshelf``, None for none."""
        self._digest: str | None = None
        self._problem: str | None = None
        self._versions: dict[str, str] | None = None
        try:
            found = read_block(block, path)
            if found is not None:
                self._versions = {pin["project"]: pin["version"] for pin in lock_pins(found.lock)}
                self._digest = found.digest
        except ShelfError as error:
            self._problem = str(error)
        except (ValueError, LookupError, TypeError, AttributeError):  # the digest fits, so it was made like this
            self._problem = "The lock in this notebook is damaged: it is no pylock.toml. Lock again to replace it."

    def compare(self, state: Json) -> Json:
        """``state`` with ``notebook``, and with ``lock_version`` and the badge ``differs`` of each pin."""
        versions, provided = self._versions, state["provided"]
        if versions is None:
            told: Json = {"digest": None, "same": False, "problem": self._problem, "missing": []}
            return without_lock(state) | {"notebook": told}
        pins = []
        for pin in state["pins"]:
            version = versions.get(pin["project"])
            badges = [*pin["badges"], *(["differs"] if version != pin["version"] else [])]
            pins.append(pin | {"lock_version": version, "badges": badges})
        here = {pin["project"] for pin in pins} | provided.keys()
        missing = [{"project": name, "version": version} for name, version in versions.items() if name not in here]
        same = not missing and all("differs" not in pin["badges"] for pin in pins)
        told = {"digest": self._digest, "same": same, "problem": None, "missing": missing}
        return state | {"pins": pins, "notebook": told}


def without_lock(state: Json) -> Json:
    """``state`` of a panel that has not told what its notebook carries."""
    return state | {"pins": [pin | {"lock_version": None} for pin in state["pins"]], "notebook": None}


def read_block(block: Any, path: str, *, force: bool = False) -> Block | None:
    """The block as ``sync --notebook`` reads it: see ``parse_block``, also for errors."""
    content: Mapping[str, Any] = {"metadata": {KEY: block}}
    return parse_block(content, shlex.quote(path) if path else "this notebook", force=force)
