"""What a person named, made whole where the person is: files are read here, folders made absolute.

Standard library only. Verbs may run in the fetcher, which works in another folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .config import normalize_url, read_config
from .errors import UsageError, WheelInvalid
from .grammar import Command, join_specifiers, parse_requirements

_WITHOUT_SHELF = ("cache", "doctor", "completion")  # they work, and say so, when the settings are wrong


def expand_requirements(words: Iterable[str], files: Iterable[str] = ()) -> list[str]:
    """Requirements of words and of requirements files (``-r FILE`` inside them too, relative to the file)."""
    found = join_specifiers(word.strip() for word in words if word.strip())
    for word in found:
        if word.endswith((".whl", ".tar.gz")) and "@" not in word:
            raise UsageError(f"{word} is a file, and a shelf is asked by name. First: cloudshelf publish {word}")
    for file in files:
        found += read_requirements(file)
    return found


def read_requirements(path: str | os.PathLike[str], seen: tuple[Path, ...] = ()) -> list[str]:
    """Raises UsageError for a file that is not there, or one that includes itself."""
    file = Path(path).expanduser().resolve()
    if file in seen:
        raise UsageError(f"{file} includes itself.")
    found: list[str] = []
    text = read_text(file)
    try:
        lines = list(parse_requirements(text))
    except UsageError as error:
        raise UsageError(f"{error} (in {file.name})") from None
    for line in lines:
        if line.startswith("-"):
            option, inner = re.split(r"[ =]+", line, maxsplit=1)
            if option in ("-c", "--constraint"):
                raise UsageError(
                    f"Constraint files are not supported yet: {line} in {file}. Write them as requirements."
                )
            found += read_requirements(file.parent / inner.strip(), (*seen, file))
        else:
            found.append(line)
    return found


def read_text(path: str | os.PathLike[str]) -> str:
    """The text of a file that a person named. Raises UsageError."""
    try:
        return Path(path).expanduser().read_text("utf-8")
    except OSError as error:
        raise UsageError(f"{os.fspath(path)} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{os.fspath(path)} is not text.") from None


def read_lock(path: str | os.PathLike[str]) -> str:
    """The text of a lock that a person named. Raises UsageError that says where locks come from."""
    name = os.fspath(path)
    if not Path(path).expanduser().exists():
        raise UsageError(f"There is no lock {name}. This makes one: cloudshelf lock REQUIREMENT -o {name}")
    text = read_text(path)
    if not text.strip():
        raise UsageError(f"{name} is empty, so it is no lock. This makes one: cloudshelf lock REQUIREMENT -o {name}")
    return text


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write whole or not at all: a lock is never half. Raises UsageError."""
    file = Path(path).expanduser()
    if not file.parent.is_dir():
        raise UsageError(f"{os.fspath(path)} cannot be written: there is no folder {file.parent}.")
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        temporary.write_text(text, "utf-8")
        temporary.replace(file)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UsageError(f"{file} cannot be written: {error.strerror}.") from None


def prepare(command: Command) -> dict[str, Any]:
    """The arguments of ``verbs.serve``: files that a person named are read here, folders made absolute."""
    args = dict(command.args)
    url = command.shelf or args.pop("url", None)
    args["shelf"] = normalize_url(url) if url else None if command.verb in _WITHOUT_SHELF else read_config().url
    if command.verb == "lock":
        files = [w for w in args["requirements"] if w.endswith(".toml")]
        args["requirements"] = [w for w in args["requirements"] if w not in files]
        args["output"] = args["output"] or (files[0] if files else None)
    if command.verb == "publish":  # pip reads the files, with all of its options
        args["requirement_files"] = [_readable(file) for file in args.pop("requirement")]
        args["requirements"] = [absolute_file(word) for word in args["requirements"]]
        args["find_links"] = [absolute_file(word, folder=True) for word in args["find_links"]]
        return args
    words = [*args.get("requirements", ()), *args.pop("with_", ())]
    files = args.pop("requirement", ())
    if words or files or "requirements" in args:
        args["requirements"] = expand_requirements(words, files)
    if args.get("lock"):
        args["shelf_named"] = bool(command.shelf)
        args["lock_name"] = args["lock"]
        args["lock"] = read_lock(args["lock"])
    return args


def absolute_file(word: str, *, folder: bool = False) -> str:
    """An existing file or folder by its absolute path; a requirement or URL as it is.

    With ``folder`` it cannot be a requirement. Raises UsageError for what is not there, WheelInvalid for a wheel that
    was cut off or never was one.
    """
    looks = folder or word.endswith((".whl", ".tar.gz", ".zip")) or "/" in word
    path = Path(word).expanduser()
    if "://" in word or not (looks or path.is_dir()):
        return word
    if not path.exists():
        raise UsageError(f"{word} does not exist.")
    if path.suffix == ".whl" and path.is_file():
        from zipfile import is_zipfile

        if not is_zipfile(path):
            raise WheelInvalid(path.name, "it is no zip archive, or its end is missing; build or download it again")
    return str(path.absolute())


def _readable(path: str) -> str:
    """The absolute path of a file that can be read. Raises UsageError."""
    read_text(path)
    return str(Path(path).expanduser().absolute())
