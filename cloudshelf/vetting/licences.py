"""Whether a licence is among those that a policy allows: SPDX expressions (PEP 639), or what older metadata say."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

# What trove classifiers call some licences, where that is one of SPDX's beyond doubt.
_SPDX = {
    "mit license": "MIT",
    "mit no attribution license (mit-0)": "MIT-0",
    "apache software license": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "isc license (iscl)": "ISC",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "mozilla public license 1.1 (mpl 1.1)": "MPL-1.1",
    "gnu general public license v2 (gplv2)": "GPL-2.0-only",
    "gnu general public license v2 or later (gplv2+)": "GPL-2.0-or-later",
    "gnu general public license v3 (gplv3)": "GPL-3.0-only",
    "gnu general public license v3 or later (gplv3+)": "GPL-3.0-or-later",
    "gnu lesser general public license v2 (lgplv2)": "LGPL-2.0-only",
    "gnu lesser general public license v3 (lgplv3)": "LGPL-3.0-only",
    "gnu affero general public license v3": "AGPL-3.0-only",
    "python software foundation license": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense",
    "zlib/libpng license": "Zlib",
    "historical permission notice and disclaimer (hpnd)": "HPND",
}
_TOKEN = re.compile(r"\(|\)|[^\s()]+")


def is_allowed(licence: str, allowed: Collection[str], denied: Collection[str]) -> bool:
    """Whether one can choose only licences that are allowed (with no ``allowed``: any) and none that is denied.

    Of ``A OR B`` one is enough, of ``A AND B`` both are needed; ``A WITH exception`` is A, unless the whole is named.
    Of classifiers, which stand with semicolons between them, nobody knows what was meant, so each has to be allowed.
    """
    yes, no = {_fold(each) for each in allowed}, {_fold(each) for each in denied}

    def one(name: str) -> bool:
        names = {_fold(name), _fold(name.partition(" WITH ")[0])}
        return not names & no and (not yes or bool(names & yes))

    if _fold(licence) in no:
        return False
    if _fold(licence) in yes:
        return True
    try:
        return _Expression(licence, one).value()
    except (ValueError, RecursionError):  # no expression: a name of several words, or several of them
        parts = [part.strip() for part in licence.split(";") if part.strip()]
        return bool(parts) and all(one(part) for part in parts)


def _fold(name: str) -> str:
    name = " ".join(name.split()).lower()
    return _SPDX.get(name, name).lower()


class _Expression:
    """An SPDX licence expression (SPDX 3.0, annex "SPDX License Expressions"): AND binds more than OR."""

    def __init__(self, text: str, one: Callable[[str], bool]) -> None:
        self._tokens = [*_TOKEN.findall(text), ""]
        self._one = one

    def value(self) -> bool:
        """Raises ValueError for what is no expression."""
        found = self._any()
        if self._tokens != [""]:
            raise ValueError
        return found

    def _any(self) -> bool:
        values = [self._all()]
        while self._tokens[0].upper() == "OR":
            self._tokens.pop(0)
            values.append(self._all())
        return any(values)

    def _all(self) -> bool:
        values = [self._single()]
        while self._tokens[0].upper() == "AND":
            self._tokens.pop(0)
            values.append(self._single())
        return all(values)

    def _single(self) -> bool:
        token = self._tokens.pop(0) if self._tokens[0] else ""
        if token == "(":
            value = self._any()
            if self._tokens.pop(0) != ")":
                raise ValueError
            return value
        if not re.fullmatch(r"[A-Za-z0-9.+:-]+", token) or token.upper() in ("AND", "OR", "WITH"):
            raise ValueError
        if self._tokens[0].upper() == "WITH":
            token += f" WITH {self._tokens[1]}"
            del self._tokens[:2]
        return self._one(token)
