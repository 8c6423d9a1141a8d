"""The interpreter that a lock is made for: its version, markers (PEP 508) and wheel tags (PEP 425), as one value."""

from __future__ import annotations

import platform
import re
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from packaging import tags
from packaging.markers import default_environment
from packaging.version import InvalidVersion, Version

from .build_variables import settle
from .errors import PlatformUnsupported, UsageError

SUPPORTED = "CPython 3.11 to 3.14 on Linux with glibc, on x86-64 and aarch64"
MINORS = range(11, 15)
MACHINES = ("x86_64", "aarch64")
LEGACY = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}  # PEP 600
DEFAULT_GLIBC = (2, 28)  # the oldest that a current distribution has
OLDEST_GLIBC = {"x86_64": 5, "aarch64": 17}  # 2.x; nothing was built for older ones (PEP 513, PEP 599)


@dataclass(frozen=True, slots=True)
class Target:
    """An interpreter. ``tags`` are supported wheel tags as text, best first; ``cache_tag`` names its bytecode."""

    python: str  # full version, "3.11.7": requires-python may name a patch level
    environment: Mapping[str, str]  # marker variables
    tags: tuple[str, ...]
    cache_tag: str

    def to_json(self) -> dict[str, Any]:
        return {
            "python": self.python,
            "environment": dict(self.environment),
            "tags": list(self.tags),
            "cache_tag": self.cache_tag,
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Target:
        """Raises UsageError for what ``to_json`` did not make."""
        try:
            return cls(
                python=str(Version(raw["python"])),
                environment={str(name): str(value) for name, value in raw["environment"].items()},
                tags=tuple(str(tag) for tag in raw["tags"]),
                cache_tag=str(raw["cache_tag"]),
            )
        except (KeyError, TypeError, AttributeError, InvalidVersion) as error:
            raise UsageError(f"This is not the description of an interpreter: {error!r}.") from None

    @property
    def platforms(self) -> tuple[str, ...]:
        """The platform tags, best first."""
        return tuple(dict.fromkeys(tag.rsplit("-", 1)[1] for tag in self.tags))


def current_target() -> Target:
    """The interpreter that runs this. Raises PlatformUnsupported."""
    check_platform()
    return Target(
        python=platform.python_version(),
        environment={key: str(value) for key, value in default_environment().items()},
        tags=tuple(str(tag) for tag in tags.sys_tags()),
        cache_tag=sys.implementation.cache_tag,
    )


def target_for(python: str, platform: str | None = None) -> Target:
    """An interpreter named by its version ("3.12", or "3.12.4") and platform tag ("manylinux_2_28_x86_64").

    Without a platform it is this machine's. Without a patch level it is the highest, as pip takes ``--python-version``
    for "some 3.12". Raises UsageError or PlatformUnsupported.
    """
    match = re.fullmatch(r"3\.(\d+)(?:\.(\d+))?", python)
    if match is None:
        raise UsageError(f"{python!r} is not a Python version. Write it like 3.12 or 3.12.4.")
    minor = int(match[1])
    if minor not in MINORS:
        raise PlatformUnsupported(f"Python {python}", SUPPORTED)
    full = python if match[2] else f"{python}.{_patch_level(minor)}"
    platforms, machine = _platforms(platform)
    compatible = [
        *tags.cpython_tags((3, minor), platforms=platforms),
        *tags.compatible_tags((3, minor), interpreter=f"cp3{minor}", platforms=platforms),
    ]
    return Target(
        python=full,
        environment=_linux_environment(full, f"3.{minor}", machine),
        tags=tuple(str(tag) for tag in compatible),
        cache_tag=f"cpython-3{minor}",
    )


def supported_environments() -> list[dict[str, str]]:
    """The marker variables of every interpreter that a shelf can be read with, but for patch levels."""
    return [
        _linux_environment(f"3.{minor}.{_patch_level(minor)}", f"3.{minor}", machine)
        for minor in MINORS
        for machine in MACHINES
    ]


def check_platform() -> None:
    """Raises PlatformUnsupported, saying what was found, where environments cannot be made."""
    settle()
    if sys.implementation.name != "cpython":
        _refuse(f"{platform.python_implementation()} {platform.python_version()}")
    if sys.platform != "linux":
        _refuse({"darwin": "macOS", "win32": "Windows"}.get(sys.platform, sys.platform))
    if sys.version_info[0] != 3 or sys.version_info[1] not in MINORS:
        _refuse(f"Python {platform.python_version()}")
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        _refuse(f"a free-threaded build of Python {platform.python_version()}")
    if platform.machine() not in MACHINES or sys.maxsize < 2**32:
        _refuse(f"Linux on {platform.machine()}{'' if sys.maxsize > 2**32 else ', 32 bit'}")
    if platform.libc_ver()[0] != "glibc":
        _refuse("Linux without glibc (musl)")


def _refuse(found: str) -> None:
    raise PlatformUnsupported(found, SUPPORTED)


def _patch_level(minor: int) -> int:
    return sys.version_info[2] if sys.version_info[1] == minor else 99


def _platforms(name: str | None) -> tuple[list[str], str]:
    """The platform tags that ``name`` may run, best first, and its machine."""
    if name is None:
        check_platform()
        return list(tags.platform_tags()), platform.machine()
    match = re.fullmatch(r"(?:(manylinux1|manylinux2010|manylinux2014|linux)|manylinux_2_(\d+))_(\w+)", name)
    if match is None or match[3] not in MACHINES:
        raise PlatformUnsupported(f"the platform {name}", f"{SUPPORTED} (manylinux_2_28_x86_64, for instance)")
    machine = match[3]
    glibc = int(match[2]) if match[2] else LEGACY.get(match[1], DEFAULT_GLIBC)[1]
    return [*_manylinux(glibc, machine), f"linux_{machine}"], machine


def _manylinux(glibc: int, machine: str) -> Iterator[str]:
    """A wheel made for an older glibc runs on a newer one (PEP 600)."""
    legacy = {version[1]: name for name, version in LEGACY.items()}
    for minor in range(glibc, OLDEST_GLIBC[machine] - 1, -1):
        yield f"manylinux_2_{minor}_{machine}"
        if minor in legacy:
            yield f"{legacy[minor]}_{machine}"


def _linux_environment(full: str, short: str, machine: str) -> dict[str, str]:
    return {
        "implementation_name": "cpython",
        "implementation_version": full,
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": full,
        "python_version": short,
        "sys_platform": "linux",
    }
