"""Bringing what was planned into a local folder: wheels by download, source archives by an isolated build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..codecs.wheel import parse_wheel_name
from ..errors import PublishFailed
from .interpreter import Interpreter
from .pip import IndexOptions, interpreter_arguments, run_pip
from .plan import Planned, hash_file, other_python


@dataclass(frozen=True, slots=True)
class Fetched:
    """A wheel on this disk, and what it came from."""

    planned: Planned
    path: Path
    sha256: str  # of the wheel


def fetch(
    items: Sequence[Planned], folder: Path, interpreter: Interpreter, options: IndexOptions
) -> tuple[Fetched, ...]:
    """The wheel of every item, in order, below ``folder``. Raises PublishFailed, also when a digest is another."""
    downloads = [item for item in items if item.is_wheel and item.path is None]
    if downloads:
        _download(downloads, folder, interpreter, options)
    return tuple(_bring(item, folder, interpreter, options) for item in items)


def _bring(item: Planned, folder: Path, interpreter: Interpreter, options: IndexOptions) -> Fetched:
    if not item.is_wheel:
        built = _build(item, folder, interpreter, options)
        return Fetched(item, built, hash_file(built))
    path = item.path or folder / item.filename
    if not path.is_file():
        raise PublishFailed(item.filename, "pip brought another file than it had planned; run the command again")
    digest = hash_file(path)
    if item.sha256 not in ("", digest):
        raise PublishFailed(item.filename, f"its sha256 is {digest}, and the index had said {item.sha256}")
    return Fetched(item, path, digest)


def _download(items: Sequence[Planned], folder: Path, interpreter: Interpreter, options: IndexOptions) -> None:
    """One pip for all: by name, version and digest, so that pip finds its own credentials for the index again."""
    words: list[str | Path] = ["download", "--quiet", "--no-deps", "--dest", folder, *options.arguments()]
    if interpreter.executable is None:
        words += interpreter_arguments(interpreter)
    requirements = folder / "requirements.txt"
    requirements.write_text("".join(f"{_line(item)}\n" for item in items))
    run_pip(", ".join(item.filename for item in items), [*words, "-r", requirements], python=other_python(interpreter))


def _build(item: Planned, folder: Path, interpreter: Interpreter, options: IndexOptions) -> Path:
    """A wheel of a source archive or tree, built in isolation (PEP 517)."""
    target = folder / f"build-{item.project}"
    target.mkdir()
    words: list[str | Path] = ["wheel", "--quiet", "--no-deps", "--wheel-dir", target, *options.arguments()]
    requirements = target / "requirements.txt"
    requirements.write_text(f"{_line(item)}\n")
    run_pip(f"a wheel of {item.filename}", [*words, "-r", requirements], python=other_python(interpreter))
    built = sorted(target.glob("*.whl"))
    if len(built) != 1 or parse_wheel_name(built[0].name).project != item.project:
        raise PublishFailed(item.filename, "building it made no wheel of that project")
    return built[0]


def _line(item: Planned) -> str:
    """A line of a requirements file that can only mean this file."""
    if item.direct or not item.sha256:
        return f"{item.project} @ {item.url}{f'#sha256={item.sha256}' if item.sha256 else ''}"
    return f"{item.project}=={item.version} --hash=sha256:{item.sha256}"
