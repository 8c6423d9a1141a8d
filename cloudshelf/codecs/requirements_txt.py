"""requirements.txt, read as pip reads it: lines in, what each means for a shelf out. Standard library only.

No library that is alive reads hashes, constraints, nested files and unknown options with their lines (pip-requirements-
parser ended in 2022, requirements-parser skips the first three); pip's own reader is not an API. Tests compare with it.
"""

from __future__ import annotations

import codecs
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ..errors import UsageError

_COMMENT = re.compile(r"(^|\s+)#.*$")
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")  # pip's: nothing else that has a $ is expanded
_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")
_SCHEME = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//|(?:git|hg|svn|bzr)\+|file:", re.IGNORECASE)
_ARCHIVES = (".whl", ".tar.gz", ".tgz", ".zip", ".tar.bz2", ".tar.xz")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before that of UTF-16, with which it begins
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),  # what PowerShell's > writes
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_WHERE = "the shelf is where distributions come from"
_PRE = "a shelf takes a pre-release where nothing else satisfies, or where a requirement names one"
# Options that change nothing of what a shelf does, with why; True: they take a value.
_IGNORED = {
    "--index-url": (True, _WHERE),
    "--pypi-url": (True, _WHERE),
    "--extra-index-url": (True, _WHERE),
    "--find-links": (True, _WHERE),
    "--no-index": (False, _WHERE),
    "--trusted-host": (True, _WHERE),
    "--process-dependency-links": (False, _WHERE),
    "--no-binary": (True, "a shelf has wheels only; source archives were built when they were published"),
    "--only-binary": (True, "a shelf has wheels only"),
    "--prefer-binary": (False, "a shelf has wheels only"),
    "--use-wheel": (False, "a shelf has wheels only"),
    "--config-settings": (True, "it was for a build; what is on a shelf is built"),
    "--config-setting": (True, "it was for a build; what is on a shelf is built"),
    "--global-option": (True, "it was for a build; what is on a shelf is built"),
    "--use-feature": (True, "it is about pip itself"),
    "--pre": (False, _PRE),
    "--all-releases": (True, _PRE),
    "--only-final": (True, _PRE),
    "--no-require-hashes": (False, "hashes that a file names are compared"),
}
_TAKEN = {"--requirement": True, "--constraint": True, "--editable": True, "--hash": True, "--require-hashes": False}
_SHORT = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
    "-i": "--index-url",
    "-f": "--find-links",
    "-C": "--config-settings",
}


class Line(NamedTuple):
    """One line that says something. ``kind`` is one of

    "requirement" (``value``, with ``hashes``: the sha256 that its wheel may have), "include" and "limit" (``value`` is
    the file that -r or -c names), "require-hashes", "ignored" and "refused" (``value`` says why, as a sentence's end).
    """

    number: int
    text: str  # for messages: variables not expanded, no password of a URL
    kind: str
    value: str = ""
    hashes: tuple[str, ...] = ()


def decode(data: bytes) -> str:
    """The text of a requirements file: by its byte order mark, its PEP 263 comment, else UTF-8. Raises ValueError."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding)
    for line in data.split(b"\n")[:2]:
        found = re.search(rb"coding[:=]\s*([-\w.]+)", line) if line.startswith(b"#") else None
        if found is not None:
            try:
                return data.decode(found[1].decode("ascii"))
            except LookupError as error:
                raise ValueError(str(error)) from None
    return data.decode("utf-8")


def variables_of(text: str) -> set[str]:
    """The environment variables that a requirements file names, as ${NAME}."""
    return set(_VARIABLE.findall(text))


def parse_lines(text: str, variables: Mapping[str, str] | None = None) -> list[Line]:
    """The lines of a requirements file, in order; ``variables`` are what ${NAME} stands for.

    Nothing is raised: a line that cannot be taken is "refused", so that all of them can be told at once.
    """
    return [found for number, line in _joined(text) for found in _parse(number, line, variables or {})]


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Lines without comments, continued ones as one, each with the number of its first."""
    first, parts = 0, list[str]()
    for number, each in enumerate(text.splitlines(), start=1):
        line = each
        is_comment = _COMMENT.match(line)
        if line.endswith("\\") and not is_comment:
            first = first or number
            parts.append(line.strip("\\"))
            continue
        whole = "".join([*parts, f" {line}" if is_comment else line])
        yield first or number, whole
        first, parts = 0, []
    if parts:
        yield first, "".join(parts)


def _parse(number: int, line: str, variables: Mapping[str, str]) -> Iterator[Line]:
    plain = _COMMENT.sub("", line).strip()
    if not plain:
        return
    shown = _CREDENTIALS.sub("", " ".join(plain.split()))
    expanded = _VARIABLE.sub(lambda found: variables.get(found[1]) or found[0], plain)
    requirement, words = _split(expanded)
    try:
        options = list(_options(shlex.split(words)))
    except (ValueError, UsageError) as error:
        yield Line(number, shown, "refused", str(error).rstrip("."))
        return
    if requirement:
        yield from _requirement(number, shown, requirement, options)
    else:
        yield from (_option(number, shown, name, value) for name, value in options)


def _split(line: str) -> tuple[str, str]:
    """What is required, and the options behind it: the first word that begins with a dash begins them (pip)."""
    words = line.split(" ")
    at = next((i for i, word in enumerate(words) if word.startswith("-")), len(words))
    return " ".join(words[:at]).strip(), " ".join(words[at:])


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    """(long name, value) of each; "" where it has none. Raises UsageError for what is not an option."""
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if not word.startswith("--"):
            name, equals, value = word[:2], word[2:3], word[2:].removeprefix("=")
        name = _SHORT.get(name, name)
        known = _TAKEN.get(name) if name in _TAKEN else _IGNORED.get(name, (None, ""))[0]
        if known is None:
            raise UsageError(f"{word.partition('=')[0]} is not an option of a requirements file")
        if known and not equals:
            value = next(rest, "")
        if known and not value:
            raise UsageError(f"{word} needs a value")
        yield name, value


def _option(number: int, shown: str, name: str, value: str) -> Line:
    if name == "--requirement":
        return Line(number, shown, "include", value)
    if name == "--constraint":
        return Line(number, shown, "limit", value)
    if name == "--require-hashes":
        return Line(number, shown, "require-hashes")
    if name == "--editable":
        return Line(number, shown, "refused", "an editable checkout is not on a shelf; install it beside, with pip")
    if name == "--hash":
        return Line(number, shown, "ignored", "there is no requirement before it")
    return Line(number, name, "ignored", _IGNORED[name][1])


def _requirement(number: int, shown: str, requirement: str, options: list[tuple[str, str]]) -> Iterator[Line]:
    hashes, ignored = list[str](), list[Line]()
    for name, value in options:
        kind, _, digest = value.partition(":")
        if name != "--hash":
            why = _IGNORED[name][1] if name in _IGNORED else "it belongs on a line of its own"
            ignored.append(Line(number, name, "ignored", why))
        elif kind not in ("sha256", "sha384", "sha512"):
            yield Line(number, shown, "refused", f"{kind or value} is not a hash that pip takes; write sha256:…")
            return
        else:
            hashes.append(f"{kind}:{digest.lower()}")
    if missing := _VARIABLE.search(requirement):
        yield Line(number, shown, "refused", f"the environment variable {missing[1]} is not set")
        return
    if why := _why_not(requirement):
        yield Line(number, shown, "refused", why)
        return
    digests = tuple(each.removeprefix("sha256:") for each in hashes if each.startswith("sha256:"))
    if hashes and not digests:
        yield Line(number, shown, "refused", "the shelf knows the sha256 of its wheels; that hash is missing here")
        return
    yield Line(number, shown.split(" --")[0], "requirement", requirement, digests)
    yield from ignored


def _why_not(requirement: str) -> str:
    """Why no shelf can have it: a URL or a file is not a project's name."""
    name, at, place = requirement.partition("@")
    if _SCHEME.match(requirement) or (at and _SCHEME.match(place.strip())):
        return "it names a URL, and a shelf is asked by name; a curator publishes that file, then the name is enough"
    word = re.split(r"[;\s]", requirement, maxsplit=1)[0]
    if word.endswith(_ARCHIVES) or word.startswith((".", "/", "~")) or "/" in name.partition(";")[0]:
        return f"it names a file, and a shelf is asked by name; first: cloudshelf publish {word}"
    return ""
