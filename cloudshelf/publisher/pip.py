"""Asking pip: it knows indexes, credentials, proxies, certificates and constraints as this machine is configured."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import PublishFailed
from .interpreter import Interpreter

_LAST = 6  # lines of pip's errors that a message carries
_UNREACHED = re.compile(r"WARNING: Retrying .* after connection broken by .*?([^:'\"]+)['\")]+: /")
_SECRET = re.compile(r"(?<=://)[^/\s@]+@")  # user and password of a URL


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """pip's own options, passed on; what is not given comes from pip's configuration."""

    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False

    def arguments(self) -> list[str]:
        words = ["--index-url", self.index_url] if self.index_url else []
        words += [word for url in self.extra_index_urls for word in ("--extra-index-url", url)]
        words += [word for place in self.find_links for word in ("--find-links", place)]
        return words + (["--no-index"] if self.no_index else [])


def pip_command(*words: str | Path) -> list[str | Path]:
    """This Python's pip with ``words``; what lies in the working folder is no part of it (-P)."""
    return [sys.executable, "-P", "-m", "pip", "--disable-pip-version-check", *words]


def run_pip(what: str, words: Sequence[str | Path], *, python: Path | None = None) -> None:
    """Run pip, for the interpreter ``python`` where that is not this one. Raises PublishFailed with what it said last.

    ``what`` is for the message.
    """
    aimed: list[str | Path] = [] if python is None else ["--python", python]
    command = pip_command(*aimed, "--no-input", *words)
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
    if ended.returncode != 0:
        raise PublishFailed(what, summarize(ended.stderr.decode(errors="replace")))


def may_find_files(options: IndexOptions) -> bool:
    """Whether pip looks elsewhere than in an index, by ``options`` or by its configuration."""
    if options.find_links or options.no_index:
        return True
    command = pip_command("config", "list")
    said = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False).stdout
    return re.search(r"find-links|no-index", said) is not None


def interpreter_arguments(interpreter: Interpreter) -> list[str]:
    """For a Python that is not on this machine: only wheels, chosen by its version and platform."""
    words = ["--python-version", interpreter.python, "--implementation", "cp", "--only-binary", ":all:"]
    platforms = [platform for platform in interpreter.target.platforms if platform != "any"]
    words += [word for platform in platforms for word in ("--platform", platform)]
    abis = (f"cp{interpreter.python.replace('.', '')}", "abi3", "none")
    return words + [word for abi in abis for word in ("--abi", abi)]


def summarize(stderr: str) -> str:
    """pip's last ERROR lines, readable and without credentials; and why it could not reach an index, if so."""
    lines = [_SECRET.sub("", line.strip()) for line in stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith(("ERROR:", "error:"))]
    if not errors:
        errors = [line for line in lines if not line.startswith(("WARNING", "DEPRECATION"))]
    found = [match[1].strip() for line in lines if (match := _UNREACHED.search(line))]
    unreached = [f"its index cannot be reached ({reason})" for reason in found]
    return "; ".join(dict.fromkeys((*unreached[-1:], *errors[-_LAST:]))) or "pip ended without saying why"
