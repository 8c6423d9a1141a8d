"""Where records of vulnerabilities come from: a file, a folder or a zip of them, or the API of osv.dev.

The zip is OSV's export of the ecosystem PyPI (all.zip), carried where there is no internet.
"""

from __future__ import annotations

import json
import time
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..parallel import map_parallel
from .records import check_record
from .vulnerabilities import Record, Vulnerability, describe, find, join

API = "https://api.osv.dev"
TIMEOUT = 5.0  # seconds for an answer of the API
_PARALLEL = 8
_PAGES = 20
_LARGEST = 64 << 20  # bytes of a record, or of an answer

Wanted = tuple[str, str]  # project, version


@dataclass(frozen=True, slots=True)
class Found:
    """``of`` has what is known of each release; one that is not in it could not be looked up, ``cause`` says why."""

    of: Mapping[Wanted, tuple[Vulnerability, ...]] = field(default_factory=dict)
    cause: str = ""


def look_up(source: str, wanted: Sequence[Wanted], *, private: Sequence[str] = ()) -> Found:
    """The vulnerabilities of ``wanted``, by ``source``: "off", the URL of an API, or a path.

    The projects ``private`` are not named to an API. Raises UsageError for a path that is none, or has no records.
    """
    if source == "off" or not wanted:
        return Found(cause="" if not wanted else "looking them up is off")
    if source.startswith(("https://", "http://")):
        return _ask([each for each in wanted if each[0] not in private], source.rstrip("/"))
    path, count = Path(source).expanduser(), 0
    records: dict[str, list[Record]] = {project: [] for project, _ in wanted}
    for record in _read(path):
        count += 1
        for name in {str((a.get("package") or {}).get("name", "")) for a in record.get("affected") or ()}:
            for project in records:
                if _alike(name, project):
                    records[project].append(record)
    if not count:
        raise UsageError(f"{source} has no records of vulnerabilities (OSV, as https://osv.dev has them).")
    return Found({(project, version): find(records[project], project, version) for project, version in wanted})


def _alike(name: str, project: str) -> bool:
    from ..codecs.names import normalize

    return normalize(name) == project


def _read(path: Path) -> Iterator[Record]:
    """Every record of a file, of a zip, or of a folder of both. Raises UsageError."""
    try:
        if path.is_dir():
            for each in sorted(path.iterdir()):
                if each.suffix in (".json", ".zip") or each.is_dir():
                    yield from _read(each)
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for member in archive.infolist():
                    if member.filename.endswith(".json") and member.file_size <= _LARGEST:
                        yield from _records(archive.read(member), f"{path}: {member.filename}")
        else:
            yield from _records(path.read_bytes(), str(path))
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise UsageError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None


def _records(data: bytes, name: str) -> Iterator[Record]:
    try:
        found: Any = json.loads(data)
    except (ValueError, RecursionError):
        raise UsageError(f"{name} is no JSON, so it has no records of vulnerabilities (OSV).") from None
    rows = found.get("vulns", [found]) if isinstance(found, dict) else found
    for row in rows if isinstance(rows, list) else [rows]:
        try:
            yield check_record(row)
        except ValueError as error:
            raise UsageError(f"{name} has what is no record of a vulnerability (OSV): {error}.") from None


def _ask(wanted: Sequence[Wanted], api: str) -> Found:
    """Of each release at once; what fails is not known, and one cause is told."""
    answers = map_parallel(lambda each: _query(api, *each), wanted, _PARALLEL)
    of = {each: answer for each, answer in zip(wanted, answers, strict=True) if not isinstance(answer, str)}
    return Found(of, next((answer for answer in answers if isinstance(answer, str)), ""))


def _query(api: str, project: str, version: str) -> tuple[Vulnerability, ...] | str:
    """What the API has (https://google.github.io/osv.dev/post-v1-query/), or why it cannot be had."""
    question = {"package": {"name": project, "ecosystem": "PyPI"}, "version": version.partition("+")[0]}
    records: list[Record] = []
    deadline = time.monotonic() + TIMEOUT
    try:
        for _ in range(_PAGES):
            body = json.dumps(question).encode()
            request = urllib.request.Request(f"{api}/v1/query", body, {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=max(0.1, deadline - time.monotonic())) as reply:
                answer = json.loads(reply.read(_LARGEST))
            records += map(check_record, answer.get("vulns") or ())
            if not answer.get("next_page_token"):
                return join(describe(record, project) for record in records if not record.get("withdrawn"))
            question["page_token"] = str(answer["next_page_token"])
    except (OSError, ValueError, AttributeError, TypeError, RecursionError) as error:
        return f"{api} gives no answer ({getattr(error, 'reason', None) or error})"
    return f"{api} does not end"
