"""The Python that a publish is for: this one, another on this machine, or one that is only named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from packaging.tags import Tag, parse_tag

from ..errors import UsageError
from ..target import Target, current_target, target_for

_DESCRIBE = """
import json, platform, sys
print(json.dumps([platform.python_version(), getattr(sys, "_base_executable", sys.executable), sys.base_prefix]))
"""


@dataclass(frozen=True)
class Interpreter:
    """``executable`` is None when that Python is not here: then there is no bytecode and no profile."""

    target: Target
    executable: Path | None

    @property
    def tag(self) -> str:
        """The name of its trees: the cache tag, or "" without bytecode."""
        return self.target.cache_tag if self.executable else ""

    @property
    def python(self) -> str:
        """Like "3.11"."""
        return ".".join(self.target.python.split(".")[:2])

    @cached_property
    def _tags(self) -> frozenset[Tag]:
        return frozenset(tag for text in self.target.tags for tag in parse_tag(text))

    def supports(self, tags: frozenset[Tag]) -> bool:
        """Whether a wheel with ``tags`` can be installed for it."""
        return not tags.isdisjoint(self._tags)


def find_interpreter(python: str | None, platform: str | None) -> Interpreter:
    """The interpreter that ``--python`` and ``--platform`` ask for; None and None is the one that runs this.

    Raises UsageError for what is no version, PlatformUnsupported.
    """
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if platform is None and python in (None, here):
        return Interpreter(current_target(), Path(getattr(sys, "_base_executable", sys.executable)))
    target = target_for(python or here, platform)
    for candidate in _candidates(python or here) if platform is None else ():
        try:
            said = subprocess.run(
                [candidate, "-I", "-c", _DESCRIBE], capture_output=True, check=True, timeout=30, text=True
            )
            full, executable, _prefix = json.loads(said.stdout)
            found = target_for(full, None)
        except (OSError, ValueError, subprocess.SubprocessError, UsageError):
            continue  # a shim that points nowhere, or a build of another kind
        if found.cache_tag == target.cache_tag and python in (None, full, ".".join(full.split(".")[:2])):
            return Interpreter(found, Path(executable))
    return Interpreter(target, None)


def _candidates(python: str) -> Iterator[str]:
    """Where a Python of this version may be: on PATH, then where pyenv, uv and manylinux images keep theirs.

    ``findpython`` finds more, but starts every Python of a machine for it, which took ten seconds.
    """
    minor = ".".join(python.split(".")[:2])
    for folder in os.get_exec_path():
        if os.access(f"{folder}/python{minor}", os.X_OK):
            yield f"{folder}/python{minor}"
    home = Path.home()
    digits = minor.replace(".", "")
    for root, pattern in (
        (Path(os.environ.get("PYENV_ROOT", home / ".pyenv")), f"versions/{minor}.*/bin/python{minor}"),
        (home / ".local/share/uv/python", f"cpython-{minor}.*/bin/python{minor}"),
        (Path("/opt/python"), f"cp{digits}-cp{digits}/bin/python{minor}"),
    ):
        yield from map(str, sorted(root.glob(pattern), reverse=True))
