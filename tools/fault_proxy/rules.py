"""Which requests a fault befalls, and a rule as it is typed: ``PUT */head nth=2 drop-reply``, ``* 30% 503``."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from .faults import (
    Answer,
    Corrupt,
    Delay,
    Drip,
    DropReply,
    Endless,
    Fault,
    Reset,
    Stall,
    Truncate,
    WholeForRange,
    WrongRange,
)
from .messages import Request

_STATUS = re.compile(r"[1-5]\d\d")
_METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE")
_CODES = {400: "ExpiredToken", 403: "AccessDenied", 404: "NoSuchKey", 409: "ConditionalRequestConflict"} | {
    412: "PreconditionFailed", 500: "InternalError", 503: "SlowDown"
}  # fmt: skip
FAULTS: Mapping[str, tuple[Callable[[str], Fault], str]] = {
    "corrupt": (lambda _: Corrupt(), "flip one bit in the middle of the body"),
    "delay": (lambda value: Delay(float(value or 1)), "wait before the server is asked; delay=SECONDS"),
    "drip": (lambda value: Drip(float(value or 1)), "send one byte at a time; drip=SECONDS between two"),
    "drop-reply": (lambda _: DropReply(), "let the server do it, and close the connection without an answer"),
    "endless": (
        lambda value: Endless(int(value or 1 << 50)),
        "never end the body; endless=BYTES declared, 0: chunked",
    ),
    "reset": (lambda _: Reset(), "reset the connection before the server sees the request"),
    "stall": (lambda _: Stall(), "send half of the body, then nothing more"),
    "truncate": (lambda _: Truncate(), "send half of the body, then close the connection"),
    "whole-for-range": (lambda _: WholeForRange(), "200 in place of 206"),
    "wrong-range": (lambda _: WrongRange(), "206 whose Content-Range is one byte further on than was asked"),
}


@dataclass(slots=True)
class Rule:
    """``fault`` befalls ``times`` requests from the ``nth`` on (None: all) of those that match; of these a ``share``.

    ``path`` is a part of the path with its query, or, with a ``*`` in it, a pattern of the whole path without its
    query. An empty ``method`` or ``path`` matches all.
    """

    fault: Fault
    method: str = ""
    path: str = ""
    nth: int | None = None
    times: int = 1
    share: float = 1.0
    chance: random.Random = field(default_factory=lambda: random.Random(0))  # so that two runs are alike
    seen: int = 0

    def applies(self, request: Request) -> bool:
        """Counts ``request`` if it matches; whether the fault is due."""
        if self.method not in ("", request.method) or not self._has_path(request.path):
            return False
        self.seen += 1
        due = self.nth is None or self.nth <= self.seen < self.nth + self.times
        return due and (self.share >= 1 or self.chance.random() < self.share)

    def _has_path(self, path: str) -> bool:
        return fnmatchcase(urlsplit(path).path, self.path) if "*" in self.path else self.path in path


def parse_rule(text: str) -> Rule:
    """``METHOD [PATH] [nth=N] [times=N] [SHARE%] FAULT``. Raises ValueError that says what is wrong."""
    method, *words = text.split() or [""]
    if not words or method not in (*_METHODS, "*"):
        raise ValueError(f"{text!r} does not begin with {', '.join(_METHODS)} or *, and end with a fault")
    rule = Rule(_parse_fault(words.pop()), "" if method == "*" else method)
    for word in words:
        name, equals, value = word.partition("=")
        if name in ("nth", "times") and equals and value.isdecimal() and int(value) > 0:
            setattr(rule, name, int(value))
        elif re.fullmatch(r"\d{1,2}(\.\d+)?%|100%", word):
            rule.share = float(word[:-1]) / 100
        elif not rule.path and not equals and not word.endswith("%"):
            if word in FAULTS or _STATUS.fullmatch(word):
                raise ValueError(f"{text!r} has two faults, {word} and another; a path begins with / or *")
            rule.path = word
        else:
            raise ValueError(f"{word!r} in {text!r} is neither nth=N, times=N, a share such as 30%, nor the only path")
    if rule.nth is None and any(word.startswith("times=") for word in words):
        rule.nth = 1
    return rule


def _parse_fault(word: str) -> Fault:
    name, _, value = word.partition("=")
    status, _, code = word.partition(":")
    if _STATUS.fullmatch(status):
        return Answer(int(status), code or _CODES.get(int(status), ""))
    if name not in FAULTS:
        raise ValueError(f"{word!r} is no fault; there are {', '.join(FAULTS)}, and a status such as 503")
    try:
        if value.startswith("-"):
            raise ValueError
        return FAULTS[name][0](value)
    except ValueError:
        raise ValueError(f"{word!r} needs a number behind the sign") from None
