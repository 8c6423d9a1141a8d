"""How old what this machine knows of block lists may be, and what holds when it cannot be renewed."""

from __future__ import annotations

from collections.abc import Mapping

from ..config import read_settings
from ..errors import UsageError
from ..importing.blocklist import AGE, OFFLINE, seconds_of

_NAMES = {"CLOUDSHELF_RECALL_AGE": "recall_age", "CLOUDSHELF_RECALL_OFFLINE": "recall_offline"}
_kept = [(AGE, OFFLINE[0])]  # the last one holds where nothing else was said


def read_recall(environ: Mapping[str, str] | None = None) -> tuple[float, str]:
    """How old a machine's copy of a block list may be, in seconds, and what holds when it cannot be renewed.

    That is "allow" or "refuse". CLOUDSHELF_RECALL_AGE ("90", "30m", "1h", "2d") and CLOUDSHELF_RECALL_OFFLINE win over
    ``recall_age`` and ``recall_offline`` of the files. Raises UsageError for another value.
    """
    (age, age_origin), (offline, offline_origin) = read_settings(_NAMES, environ)
    default_age, default_offline = _kept[-1]
    seconds = default_age if age is None else seconds_of(age)
    if seconds is None:
        raise UsageError(f"A block list may be as old as 90s, 30m, 1h or 2d, not {age!r} ({age_origin}).")
    if offline not in (None, *OFFLINE):
        raise UsageError(f"recall_offline is {' or '.join(OFFLINE)}, not {offline!r} ({offline_origin}).")
    return seconds, offline or default_offline


def keep_recall() -> None:
    """What ``read_recall`` reads now is the default of this process from now on.

    For a fetcher, which forgets the file that CLOUDSHELF_CONFIG names: not a variable, for those are part of who a
    fetcher is (importing/paths.py), and it would ask, and so start, another one.
    """
    _kept.append(read_recall())
