"""Builds of one version for different accelerators, told apart by their local label: 2.1.2+cpu, 2.1.2+cu121 (PEP 440).

The machine decides which is taken, unless somebody says otherwise. PyTorch began to name its builds so, others follow:
``cpu``, ``cu121`` (CUDA 12.1), ``rocm6.0``, ``xpu``. Labels that are none of these say nothing about a machine.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from packaging.version import Version

_CUDA = re.compile(r"cu(\d+)(\d)(\..*)?")
_OTHERS = re.compile(r"(cpu|rocm|xpu)(\d.*|\..*)?")
_BEST, _NEUTRAL, _SLOW, _UNFIT = range(4)


class Machine(NamedTuple):  # every start makes this class: no dataclass, see model.py
    """What can run here: ``cuda`` is the highest CUDA (major, minor) that the NVIDIA driver supports, None without."""

    cuda: tuple[int, int] | None = None
    rocm: bool = False

    def __str__(self) -> str:
        if self.cuda:
            return f"the NVIDIA driver here runs CUDA up to {self.cuda[0]}.{self.cuda[1]}"
        return "an AMD GPU is here" if self.rocm else "no NVIDIA or AMD driver is here"


def detect_machine() -> Machine:
    """What this machine's drivers say; nothing is initialized and no GPU is woken."""
    return Machine(_cuda_of_driver(), Path("/dev/kfd").exists())


class Variants:
    """Puts builds of one version in order for a machine; ``wanted`` (a label, such as "cpu") overrules it."""

    def __init__(self, wanted: str = "", machine: Machine | None = None) -> None:
        self._given = machine
        self.wanted = wanted.lower().lstrip("+")

    @cached_property
    def machine(self) -> Machine:
        """Looked for when it is first asked."""
        return self._given or detect_machine()

    def rank(self, version: Version) -> tuple[int, ...]:
        """A sort key among builds of one version, the best first."""
        label = version.local or ""
        if self.wanted:
            first = 0 if is_label(label, self.wanted) else 1
            return (first, *(() if first == 0 else self._rank(label)))
        return self._rank(label)

    def order(self, versions: Sequence[Version]) -> list[Version]:
        """``versions``, builds of one, the best first; those of equal rank stay as they are."""
        return sorted(versions, key=self.rank)

    def choose(self, labels: Sequence[str]) -> str:
        """The label that this machine takes; "" when there is none."""
        return min(labels, key=lambda label: self.rank(Version(f"0+{label}")), default="")

    def reason(self, version: Version) -> str:
        """Why ``version`` was taken, as a sentence's end."""
        if self.wanted and is_label(version.local or "", self.wanted):
            return f"{self.wanted} was asked for"
        if self.wanted:
            return f"there is no build for {self.wanted}, and {self.machine}"
        return str(self.machine)

    def _rank(self, label: str) -> tuple[int, ...]:
        cuda = _CUDA.fullmatch(label)
        if cuda:
            needs = int(cuda[1]), int(cuda[2])
            driver = self.machine.cuda
            # A driver runs what was built for its CUDA or an earlier one (CUDA compatibility, NVIDIA).
            return (_BEST, -needs[0], -needs[1]) if driver and needs <= driver else (_UNFIT,)
        if not _OTHERS.fullmatch(label):
            return (_NEUTRAL,)
        if label.startswith("rocm"):
            return (_BEST,) if self.machine.rocm else (_UNFIT,)
        if label.startswith("cpu"):
            return (_SLOW,) if self.machine.cuda or self.machine.rocm else (_BEST,)
        return (_UNFIT,)  # xpu: no driver of that is looked for, so it has to be asked for


def is_variant(version: Version) -> bool:
    """Whether the label of ``version`` names an accelerator."""
    label = version.local or ""
    return bool(_CUDA.fullmatch(label) or _OTHERS.fullmatch(label))


def is_label(label: str, wanted: str) -> bool:
    """Whether a build's label is the one that was asked for: "cpu" finds "cpu.cxx11.abi" too."""
    return label == wanted or label.startswith(f"{wanted}.")


def public(version: Version) -> Version:
    """Without its label: what builds of one version have in common."""
    return Version(version.public) if version.local else version


def _cuda_of_driver() -> tuple[int, int] | None:
    """cuDriverGetVersion (CUDA driver API): 1000 * major + 10 * minor; needs no initialization."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
        found = ctypes.c_int(0)
        if driver.cuDriverGetVersion(ctypes.byref(found)) or found.value <= 0:
            return None
    except (OSError, AttributeError):
        return None
    return found.value // 1000, found.value % 1000 // 10
