"""What is known of the files that a publish comes to, before any of them is brought."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ..model import Wheel
from ..parallel import map_parallel
from ..vetting.facts import Facts, days_since
from ..vetting.osv import look_up
from .contents import Contents, read_contents
from .index_pages import IndexPages, is_indexed
from .plan import Planned

_PARALLEL = 8


@dataclass(frozen=True, slots=True)
class Vetted:
    """Facts by project; ``cause`` says why vulnerabilities could not be looked up."""

    facts: dict[str, Facts]
    cause: str


def vet(
    items: Sequence[Planned],
    present: dict[str, Wheel],
    pages: IndexPages,
    *,
    osv: str,
    private: Collection[str],
    attested: Collection[str],
    counted: bool,
) -> Vetted:
    """Of each of ``items``; of those ``present`` (by project) as the shelf has them.

    ``osv`` is where vulnerabilities are looked up (vetting/osv.py), which learns nothing of the projects ``private``;
    ``attested`` are the sha256 of wheels for which a curator has provenance. With ``counted`` a look into each wheel
    that is not here counts its files. Raises UsageError for ``osv``.
    """
    found = look_up(osv, [(item.project, item.version) for item in items], private=tuple(private))
    files = map_parallel(pages.file, items, _PARALLEL)
    looked = [item for item in items if counted and item.project not in present]
    inside = dict(zip((i.project for i in looked), map_parallel(read_contents, looked, _PARALLEL), strict=True))
    facts = {}
    for item, file in zip(items, files, strict=True):
        wheel = present.get(item.project)
        released = file.uploaded or (wheel.released if wheel else "")
        size = item.path.stat().st_size if item.path and item.path.is_file() else file.size
        facts[item.project] = Facts(
            project=item.project,
            version=item.version,
            license=item.license,
            released=released,
            age=days_since(released),
            size=wheel.size if wheel else size,
            vulnerabilities=found.of.get((item.project, item.version)),
            source="index" if is_indexed(item) else "url" if item.origin else "local",
            provenance=bool(file.provenance or item.sha256 in attested),
            files=wheel.files if wheel else inside.get(item.project, Contents()).files,
            unpacked=wheel.installed if wheel else inside.get(item.project, Contents()).bytes,
        )
    return Vetted(facts, found.cause)
