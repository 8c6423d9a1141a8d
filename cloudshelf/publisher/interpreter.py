"""The Python that a publish is for: this one, another on this machine, or one that is only named."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from packaging.tags import Tag, parse_tag

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
    found = shutil.which(f"python{python}") if platform is None else None
    if found is None:
        return Interpreter(target, None)
    try:
        said = subprocess.run([found, "-I", "-c", _DESCRIBE], capture_output=True, check=True, timeout=30, text=True)
        full, executable, _prefix = json.loads(said.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return Interpreter(target, None)  # a shim that points nowhere
    return Interpreter(target_for(full, None), Path(executable))
