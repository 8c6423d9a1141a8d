"""Locks that others wrote or edited, any PEP 751 ``pylock.toml``: ``packaging`` checks them, and says what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from packaging.markers import Environment
from packaging.pylock import (
    Package,
    PackageWheel,
    Pylock,
    PylockSelectError,
    PylockUnsupportedVersionError,
    PylockValidationError,
)
from packaging.tags import parse_tag

from ..errors import UsageError
from ..model import Lock, Pin
from ..urls import join_urls
from .names import is_collectable, is_normalized, is_sha256

TOOL = "cloudshelf"


def parse_pylock(
    table: Mapping[str, Any], source: str, environment: Mapping[str, str] | None, tags: Iterable[str] | None
) -> Lock:
    """The lock in ``table``, decoded TOML; as ``codecs.lock.parse_lock``."""
    try:
        pylock = Pylock.from_dict(table)
    except (PylockValidationError, PylockUnsupportedVersionError) as error:
        raise UsageError(f"{source} is not a lock that can be read: {error}.") from None
    ours = (pylock.tool or {}).get(TOOL)
    if ours is None:
        return _parse_foreign(pylock, source, environment, tags)
    facts = _Facts(ours, source, f"tool.{TOOL}")
    return Lock(
        shelf=join_urls(facts.texts("shelf")) if isinstance(facts.table.get("shelf"), list) else facts.text("shelf"),
        requirements=facts.texts("requirements"),
        python=facts.text("python"),
        tag=facts.text("tag"),
        pins=tuple(sorted((_pin_of(p, i, source) for i, p in enumerate(pylock.packages)), key=lambda pin: pin.project)),
        as_of=facts.text("as-of") if "as-of" in facts.table else "",
    )


def _pin_of(package: Package, number: int, source: str) -> Pin:
    where = f"packages[{number}] ({package.name})"
    if not package.wheels or len(package.wheels) != 1 or not package.version:
        raise UsageError(f"{source} is not a lock that can be read: {where} has not one version and one wheel.")
    wheel = package.wheels[0]
    facts = _Facts((package.tool or {}).get(TOOL), source, f"{where}.tool.{TOOL}")
    return Pin(
        project=_name_of(package, source, where),
        version=facts.text("version"),
        release=facts.checked("release", is_sha256, "a sha256 digest"),
        wheel=wheel.filename,
        sha256=_digest_of(wheel, source, where),
        size=wheel.size or 0,
        origin=wheel.url or "",
        manifest=facts.checked("manifest", is_collectable, "a manifest's name"),
        requires_python=str(package.requires_python or ""),
        dependencies=tuple(str(d.get("name", "")) for d in package.dependencies or ()),
        extras=facts.texts("extras", optional=True),
        shelf=facts.text("shelf") if "shelf" in facts.table else "",
    )


def _parse_foreign(
    pylock: Pylock, source: str, environment: Mapping[str, str] | None, tags: Iterable[str] | None
) -> Lock:
    """The wheels that this lock has for an interpreter, to be looked for on a shelf."""
    compatible = [tag for text in tags for tag in parse_tag(text)] if tags is not None else None
    pins = []
    try:
        for package, chosen in pylock.select(environment=cast("Environment | None", environment), tags=compatible):
            if not isinstance(chosen, PackageWheel) or package.version is None:
                raise UsageError(f"{source} cannot be taken from a shelf: it has no wheel of {package.name}.")
            pins.append(
                Pin(
                    project=_name_of(package, source, package.name),
                    version=str(package.version),
                    release="",
                    wheel=chosen.filename,
                    sha256=_digest_of(chosen, source, package.name),
                    size=chosen.size or 0,
                    origin=chosen.url or "",
                    manifest="",
                    requires_python=str(package.requires_python or ""),
                    dependencies=tuple(str(d["name"]) for d in package.dependencies or () if "name" in d),
                )
            )
    except PylockSelectError as error:
        raise UsageError(f"{source} is for other interpreters than this one: {error}.") from None
    pins.sort(key=lambda pin: pin.project)
    return Lock(
        shelf="", requirements=tuple(f"{p.project}=={p.version}" for p in pins), python="", tag="", pins=tuple(pins)
    )


def _name_of(package: Package, source: str, where: str) -> str:
    """A name becomes part of keys and paths: letters, digits and dashes only."""
    if not is_normalized(package.name):
        raise UsageError(f"{source} is not a lock that can be read: the name in {where} is malformed.")
    return str(package.name)


def _digest_of(wheel: PackageWheel, source: str, where: str) -> str:
    digest = wheel.hashes.get("sha256", "")
    if not is_sha256(digest):
        raise UsageError(f"{source} is not a lock that can be read: {where} has no sha256 of its wheel.")
    return digest


class _Facts:
    """Checked access to one of our tables."""

    def __init__(self, table: Any, source: str, where: str) -> None:
        self.source = source
        self.where = where
        if not isinstance(table, Mapping):
            self.fail("", "is missing")
        self.table: Mapping[str, Any] = table

    def fail(self, name: str, what: str) -> None:
        field = f"{self.where}.{name}" if name else self.where
        raise UsageError(f"{self.source} is not a lock that can be read: {field} {what}.")

    def text(self, name: str) -> str:
        value = self.table.get(name)
        if not isinstance(value, str):
            self.fail(name, "is missing or not text")
        return str(value)

    def checked(self, name: str, check: Callable[[str], bool], what: str) -> str:
        value = self.text(name)
        if not check(value):
            self.fail(name, f"is not {what}")
        return value

    def texts(self, name: str, *, optional: bool = False) -> tuple[str, ...]:
        value = self.table.get(name, [] if optional else None)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.fail(name, "is missing or not a list of texts")
        return tuple(cast("list[str]", value))
