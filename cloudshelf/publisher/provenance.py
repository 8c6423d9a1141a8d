"""Where wheels say that they were built (PEP 740): from files that a curator has, or from the index that has the wheel.

pip does not bring it. The index's page of a project names, beside each file, the URL of its provenance. What cannot be
had is no reason for a publish to fail.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from ..codecs.provenance import LARGEST, parse_provenance
from ..errors import ObjectInvalid, UsageError
from ..parallel import map_parallel
from .index_pages import IndexPages, is_indexed, read_url
from .plan import Planned

PARALLEL = 8


class Provenances:
    """What there is of the wheels of one publish: ``files`` of a curator, else what the index offers of ``items``.

    The index is asked meanwhile. Raises UsageError for a file that is no attestation.
    """

    def __init__(self, files: Iterable[str], items: Sequence[Planned], pages: IndexPages) -> None:
        self._given = read_attestations(files)
        pool = ThreadPoolExecutor(1, thread_name_prefix="cloudshelf-provenance")
        self._offered = pool.submit(find_provenance, items, pages)
        pool.shutdown(wait=False)

    def check(self, wheels: Mapping[str, str]) -> None:
        """Raises UsageError for a file that is about none of ``wheels``, their names by sha256."""
        if self._given and not self._given.keys() & wheels.keys():
            names = ", ".join(wheels.values())
            raise UsageError(f"--attestation is about another file than {names}: none of its digests is theirs.")

    def of(self, digest: str) -> bytes:
        """That of the wheel with this sha256, as it came; empty for none."""
        return self._given.get(digest) or self._offered.result().get(digest, b"")


def read_attestations(files: Iterable[str]) -> dict[str, bytes]:
    """A curator's files, by the sha256 of what each is about. Raises UsageError."""
    found: dict[str, bytes] = {}
    for file in files:
        try:
            data = Path(file).read_bytes()
            found |= dict.fromkeys(parse_provenance(data, file).subjects, data)
        except OSError as error:
            raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
        except ObjectInvalid as error:
            raise UsageError(f"{file} cannot be kept: {error.reason}.") from None
    return found


def find_provenance(items: Sequence[Planned], pages: IndexPages) -> dict[str, bytes]:
    """What the index offers of ``items``, by the sha256 of each wheel; nothing for what it does not say."""
    wanted = [item for item in items if is_indexed(item)]
    answers = map_parallel(partial(_ask, pages), wanted, PARALLEL)
    return {item.sha256: data for item, data in zip(wanted, answers, strict=True) if data is not None}


def _ask(pages: IndexPages, item: Planned) -> bytes | None:
    url = pages.file(item).provenance
    if not url:
        return None
    try:
        data = read_url(url, LARGEST, {"Accept": "application/json"})
        return data if item.sha256 in parse_provenance(data, url).subjects else None
    except (OSError, ValueError, ObjectInvalid):
        return None  # it cannot be had, or wants what only pip has
