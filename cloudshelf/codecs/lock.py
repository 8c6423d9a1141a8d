"""Lock: PEP 751 ``pylock.toml``, which pip and uv install too; our facts stand in ``[tool.cloudshelf]`` tables.

One that stands as we write it is read here, because ``packaging`` takes longer to load than a warm start has; every
other goes through ``pylock.py``, which also says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from ..model import Lock, Pin
from ..urls import join_urls, split_urls
from .lock_variants import Choose, join_tables, pick_table
from .names import is_collectable, is_normalized, is_sha256, normalize
from .toml import load_toml

TOOL = "cloudshelf"
_PLAIN_VERSION = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))*")
_PLAIN_SPECIFIER = re.compile(r"((~=|==|!=|<=|>=|<|>)\d+(\.\d+)*(\.\*)?(,(?=.)|$))*")


@lru_cache(maxsize=1)  # who builds an environment asks three times: 4 ms each for 44 pins
def format_lock(lock: Lock) -> str:
    """The lock as TOML; equal locks make equal text."""
    import tomli_w

    return tomli_w.dumps(_table_of(lock))


def format_variants(locks: Mapping[str, Lock]) -> str:
    """The locks of several variants (label → lock, the first is the default) as one text."""
    import tomli_w

    return tomli_w.dumps(join_tables({label: _table_of(lock) for label, lock in locks.items()}, TOOL))


def parse_lock(
    text: str,
    source: str,
    *,
    environment: Mapping[str, str] | None = None,
    tags: Iterable[str] | None = None,
    choose: Choose = lambda labels: labels[0],
) -> Lock:
    """The lock that ``source`` (a file's name, for messages) holds.

    One that another tool wrote has no pins of ours: its packages for ``environment`` and ``tags`` (default: the running
    interpreter) come back as pins without release and manifest, and its ``shelf`` is empty; ``Shelf.repin`` finds them.
    Of a lock with several variants, ``choose`` says which, given their labels.
    Raises UsageError naming the line or the field.
    """
    table = load_toml(text, source, "a lock")
    table = dict(pick_table(table, choose, source, TOOL))
    own = _own_lock(table)
    if own is not None:
        return own
    from .pylock import parse_pylock

    return parse_pylock(table, source, environment, tags)


def _table_of(lock: Lock) -> dict[str, Any]:
    minor = ".".join(lock.python.split(".")[:2])
    shelves = split_urls(lock.shelf)
    facts: dict[str, Any] = {
        "shelf": shelves if len(shelves) > 1 else lock.shelf,
        "requirements": list(lock.requirements),
        "python": lock.python,
        "tag": lock.tag,
    }
    if lock.as_of:
        facts["as-of"] = lock.as_of
    return {
        "lock-version": "1.0",
        # A wheel's tags say the platform; the interpreter is what we resolved markers for.
        "environments": [f'implementation_name == "cpython" and python_version == "{minor}"'],
        "created-by": TOOL,
        "packages": [_package_of(pin) for pin in sorted(lock.pins, key=lambda pin: pin.project)],
        "tool": {TOOL: facts},
    }


def _package_of(pin: Pin) -> dict[str, Any]:
    place = {"url": pin.origin} if pin.origin else {"path": pin.wheel}
    package: dict[str, Any] = {"name": pin.project, "version": _clean_version(pin.version)}
    if requires := _clean_specifier(pin.requires_python):
        package["requires-python"] = requires
    if pin.dependencies:
        package["dependencies"] = [{"name": name} for name in pin.dependencies]
    package["wheels"] = [{"name": pin.wheel, **place, "size": pin.size, "hashes": {"sha256": pin.sha256}}]
    facts: dict[str, Any] = {"release": pin.release, "manifest": pin.manifest}
    if pin.extras:
        facts["extras"] = list(pin.extras)
    if pin.shelf:
        facts["shelf"] = pin.shelf
    return package | {"tool": {TOOL: facts | {"version": pin.version}}}


def _clean_version(text: str) -> str:
    """As PEP 440 spells it."""
    if _PLAIN_VERSION.fullmatch(text):
        return text
    from packaging.version import Version

    return str(Version(text))


def _clean_specifier(text: str) -> str:
    """As PEP 440 spells it; nothing for what it does not know, and other tools would refuse."""
    if _PLAIN_SPECIFIER.fullmatch(text):
        return text
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return str(SpecifierSet(text))
    except InvalidSpecifier:
        return ""


def _own_lock(table: Mapping[str, Any]) -> Lock | None:
    """The lock in a table that is in each field as ``format_lock`` makes it; None for any other."""
    try:
        facts = table["tool"][TOOL]
        pins = tuple(_own_pin(package) for package in table["packages"])
        shelf, as_of = facts["shelf"], facts.get("as-of", "")
        shelf = join_urls(shelf) if isinstance(shelf, list) else shelf
        lock = Lock(shelf, tuple(facts["requirements"]), facts["python"], facts["tag"], pins, as_of)
        texts = (lock.shelf, lock.python, lock.tag, lock.as_of, *lock.requirements)
        if table != _table_of(lock) or not all(isinstance(text, str) for text in texts):
            return None
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return lock


def _own_pin(package: Mapping[str, Any]) -> Pin:
    """Raises ValueError and the like for what we do not write."""
    [wheel] = package["wheels"]
    facts = package["tool"][TOOL]
    pin = Pin(
        project=package["name"],
        version=facts["version"],
        release=facts["release"],
        wheel=wheel["name"],
        sha256=wheel["hashes"]["sha256"],
        size=wheel["size"],
        origin=wheel.get("url", ""),
        manifest=facts["manifest"],
        requires_python=package.get("requires-python", ""),
        dependencies=tuple(each["name"] for each in package.get("dependencies", ())),
        extras=tuple(facts.get("extras", ())),
        shelf=facts.get("shelf", ""),
    )
    name, _, rest = pin.wheel.partition("-")
    usable = (
        is_normalized(pin.project)
        and normalize(name) == pin.project
        and rest.partition("-")[0] == package["version"]
        and pin.wheel.endswith(".whl")
        and is_sha256(pin.release)
        and is_sha256(pin.sha256)
        and is_collectable(pin.manifest)
    )
    if not usable:  # names become parts of keys and of paths
        raise ValueError(package["name"])
    return pin
