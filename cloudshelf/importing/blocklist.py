"""Whether something of an environment is blocked: looked up at every start of it, in a small file of the cache.

One file a shelf, which fetchers and commands write (recall/machine.py); what there is to look for has the environment,
in ``.cloudshelf/pins``. Only when the file is too old is the fetcher asked, which asks the shelf. The lines of the
file:

    cloudshelf-blocks 1 DIGEST                    of everything that follows
    CHECKED TRIED AGE OFFLINE SEQ                 seconds since 1970, twice; seconds; allow or refuse; of the list
    SHELF
    CAUSE                                         why it could not be renewed, or nothing
    KEY TAB JSON                                  any number: what is blocked, and the words for it

A KEY is project==version, a project, or sha256:digest of a wheel. A specifier is none that is looked for: whoever
writes the file has found which versions in the environments here it is about.
"""

from __future__ import annotations

import os
import sys
from time import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..errors import Blocked

MAGIC = "cloudshelf-blocks 1"
AGE = 3600.0  # seconds that a list may be old, unless a setting says otherwise
AGAIN = 60.0  # seconds for which a shelf that did not answer is not asked again
OFFLINE = ("allow", "refuse")
PINS = ".cloudshelf/pins"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Known:
    """What a machine knows of the blocks of one shelf."""

    __slots__ = ("age", "cause", "checked", "offline", "rows", "seq", "shelf", "tried")

    def __init__(
        self,
        shelf: str,
        *,
        checked: float = 0.0,
        tried: float = 0.0,
        age: float = AGE,
        offline: str = OFFLINE[0],
        seq: int = 0,
        cause: str = "",
        rows: dict[str, str] | None = None,
    ) -> None:
        self.shelf = shelf
        self.checked = checked  # when the shelf last said so
        self.tried = tried  # when it was last asked and did not answer
        self.age = age
        self.offline = offline
        self.seq = seq  # 0: the shelf has no list
        self.cause = cause
        self.rows = rows or {}  # key → JSON

    def is_fresh(self, now: float) -> bool:
        """A time of tomorrow is of a clock that was wrong, so it counts for nothing."""
        return 0 <= now - self.checked <= self.age

    def failed_lately(self, now: float) -> bool:
        return 0 <= now - self.tried <= AGAIN

    def format(self) -> bytes:
        facts = f"{int(self.checked)} {int(self.tried)} {self.age:g} {self.offline} {self.seq}"
        cause = " ".join(self.cause.split())
        lines = [facts, self.shelf, cause, *(f"{key}\t{row}" for key, row in self.rows.items())]
        body = "\n".join(lines).encode("utf-8", "surrogateescape") + b"\n"
        return f"{MAGIC} {_digest(body)}\n".encode() + body


def parse_known(data: bytes) -> Known | None:
    """None for a file that is damaged, or of another version: it is asked anew."""
    head, _, body = data.partition(b"\n")
    try:
        if head.decode("ascii") != f"{MAGIC} {_digest(body)}":
            return None
        facts, shelf, cause, *rows, _ = body.decode("utf-8", "surrogateescape").split("\n")  # no other ends of lines
        checked, tried, age, offline, seq = facts.split()
        found = Known(shelf, checked=float(checked), tried=float(tried), age=float(age), offline=offline, seq=int(seq))
        found.cause = cause
        found.rows = dict(row.split("\t", 1) for row in rows)
    except (ValueError, UnicodeDecodeError):
        return None
    return found if offline in OFFLINE else None


def place(cache: str, shelf: str) -> str:
    """The file for the shelf at this URL."""
    return f"{cache}/recall/{_digest(shelf.encode('utf-8', 'surrogateescape'))}"


def asking(cache: str, shelf: str) -> str:
    """What is locked by who asks the shelf at this URL, so that others wait for what it hears (turn.py)."""
    return f"{place(cache, shelf)}.asking"


def _digest(data: bytes) -> str:
    from _blake2 import blake2b  # not hashlib: that loads OpenSSL

    return str(blake2b(data, digest_size=10).hexdigest())


def read_known(cache: str, shelf: str) -> Known | None:
    """None where nothing is known, or somebody else may have written the file."""
    try:
        descriptor = os.open(place(cache, shelf), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid() or status.st_mode & 0o022:
            return None
        found = parse_known(file.read())
    return found if found is not None and found.shelf == shelf else None


class Pins:
    """What an environment holds: its shelves, and (project, version, sha256 of the wheel)."""

    __slots__ = ("parts", "shelves")

    def __init__(self, shelves: Iterable[str], parts: Iterable[tuple[str, str, str]]) -> None:
        self.shelves = list(shelves)
        self.parts = list(parts)

    def format(self) -> str:
        lines = [f"@ {shelf}" for shelf in self.shelves]
        return "".join(f"{line}\n" for line in [*lines, *(" ".join(part) for part in self.parts)])

    def find(self, known: Known) -> list[tuple[tuple[str, str, str], str]]:
        """The parts that are blocked, each with its row."""
        if not known.rows:
            return []
        found = []
        for part in self.parts:
            project, version, digest = part
            for key in (f"{project}=={version}", project, f"sha256:{digest}"):
                if key in known.rows:
                    found.append((part, known.rows[key]))
                    break
        return found


def read_pins(environment: str) -> Pins | None:
    """None for an environment that an earlier cloudshelf built."""
    try:
        with open(f"{environment}/{PINS}", encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().split("\n")
    except OSError:
        return None
    shelves = [line[2:] for line in lines if line.startswith("@ ")]
    parts = [line.split(" ") for line in lines if line and not line.startswith("@ ")]
    return Pins(shelves, [(part[0], part[1], part[2]) for part in parts if len(part) == 3])


def refuse_blocked(environment: str) -> None:
    """Raises Blocked when something of ``environment`` is, BlocksUnknown when that cannot be known and has to be."""
    pins = read_pins(environment)
    for shelf in pins.shelves if pins else ():
        assert pins is not None
        known, asked = _young(environment, shelf)
        found = pins.find(known)
        if found and not asked:  # it may have been unblocked since
            known = _ask(environment, shelf, force=True) or known
            found = pins.find(known)
        if found:
            raise blocked_error(found, shelf)


def blocked_projects(environment: str) -> dict[str, str]:
    """Why each project of ``environment`` is blocked that is, as far as this machine knows: nobody is asked."""
    import json

    pins, found = read_pins(environment), dict[str, str]()
    if pins is not None:
        for shelf in pins.shelves:
            known = read_known(_cache_of(environment), shelf)
            for part, row in pins.find(known) if known else ():
                found[part[0]] = str(json.loads(row)["reason"])
    return found


def blocked_error(found: list[tuple[tuple[str, str, str], str]], shelf: str) -> Blocked:
    """The error for what ``Pins.find`` found, which is not empty."""
    import json

    from ..errors import Blocked

    (project, version, _), row = found[0]
    facts = json.loads(row)
    others = [f"{part[0]} {part[1]}" for part, _ in found[1:]]
    return Blocked(project, version, facts["reason"], facts["use"], facts["by"], facts["time"], shelf, others)


def _young(environment: str, shelf: str) -> tuple[Known, bool]:
    """What is known of ``shelf``, asked for if it is too old, and whether it was asked. Raises BlocksUnknown."""
    now = time()
    known = _with_variables(read_known(_cache_of(environment), shelf) or Known(shelf))
    if known.is_fresh(now):
        return known, False
    if known.offline == OFFLINE[0] and known.failed_lately(now):
        return known, True
    renewed = _ask(environment, shelf)
    if renewed is not None and _with_variables(renewed).is_fresh(time()):
        return renewed, True
    known = _with_variables(renewed or known)
    cause = known.cause or "its block list cannot be renewed"
    if known.offline != OFFLINE[0]:
        from ..errors import BlocksUnknown

        raise BlocksUnknown(shelf, cause.rstrip("."), when(known.checked))
    tell(f"cloudshelf: what is blocked on {shelf} was last read {when(known.checked)}; it goes on with that: {cause}")
    return known, True


def _ask(environment: str, shelf: str, *, force: bool = False) -> Known | None:
    """What the file says after the fetcher asked the shelf; None when there is no fetcher or no file."""
    from ..errors import ShelfError
    from .client import renew_blocks

    try:
        renew_blocks(environment, shelf, force=force)
    except ShelfError:
        pass
    return read_known(_cache_of(environment), shelf)


def _cache_of(environment: str) -> str:
    return os.path.dirname(os.path.dirname(environment))


def _with_variables(known: Known) -> Known:
    """The settings that hold: the variables of this process, over those of who wrote the file."""
    age, offline = os.environ.get("CLOUDSHELF_RECALL_AGE"), os.environ.get("CLOUDSHELF_RECALL_OFFLINE")
    seconds = seconds_of(age) if age else None
    if seconds is not None:
        known.age = seconds
    if offline in OFFLINE:
        known.offline = str(offline)
    return known


def seconds_of(text: str) -> float | None:
    """Seconds of "90", "90s", "30m", "1h" or "2d"; None for what is none of them."""
    text = text.strip().lower()
    number, unit = (text[:-1], _UNITS[text[-1]]) if text[-1:] in _UNITS else (text, 1)
    return float(number) * unit if number.isdecimal() else None


def when(checked: float) -> str:
    """For people."""
    if not checked:
        return "never"
    minutes = max(0, int(time() - checked) // 60)
    return f"{minutes // 60} h ago" if minutes >= 120 else f"{minutes} min ago"


def tell(text: str) -> None:
    try:
        print(text, file=sys.stderr)
    except (OSError, ValueError, AttributeError):  # no stderr: a program without a terminal goes on
        pass
