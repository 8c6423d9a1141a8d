"""Who uses what of a shelf: sizes from a listing, uses from the fetchers' reports or from S3's access logs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from .codecs.access_log import parse_access
from .codecs.names import is_normalized
from .codecs.usage import Count, is_report_key, parse_report
from .errors import ObjectInvalid, ObjectMissing
from .ordering import version_order
from .parallel import map_parallel
from .repository import Repository
from .stores.protocols import Get, Listing

PARALLEL = 16
_OBJECT = re.compile(r"projects/([^/]+)/([a-z]+)(?:/(.+))?")


class UsageStore(Get, Listing, Protocol):
    """What reading uses takes."""


@dataclass(slots=True)
class Tally:
    """Uses by project and version ("" where that is not known), the last day of each, and how much was read."""

    counts: dict[str, dict[str, Count]] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)
    sources: int = 0  # reports, or log files
    skipped: int = 0  # that could not be read

    def add(self, project: str, version: str, day: str, count: Count) -> None:
        versions = self.counts.setdefault(project, {})
        versions[version] = versions.get(version, Count()) + count
        self.last[project] = max(day, self.last.get(project, ""))


@dataclass(frozen=True, slots=True)
class ProjectUsage:
    """A row: ``size`` on the store; ``unused`` are versions that nobody had pinned, newest first."""

    project: str
    size: int
    environments: int
    requests: int
    received: int
    last: str
    versions: int
    unused: tuple[str, ...]


def project_sizes(store: Listing) -> dict[str, int]:
    """Bytes of every project on the store: each object once, whoever shares it."""
    sizes: dict[str, int] = {}
    for stored in store.list("projects/"):
        name = stored.key.split("/")[1]
        if is_normalized(name):
            sizes[name] = sizes.get(name, 0) + stored.size
    return sizes


def read_reports(store: UsageStore, since: str) -> Tally:
    """The reports in ``store`` from the day ``since`` on. One that is damaged is counted and skipped."""
    tally = Tally()
    keys = [stored.key for stored in store.list("") if is_report_key(stored.key) and stored.key[:10] >= since]

    def read(key: str) -> bytes | None:
        try:
            return store.get(key)
        except ObjectMissing:  # somebody cleans up
            return None

    for key, data in zip(keys, map_parallel(read, keys, PARALLEL), strict=True):
        try:
            report = parse_report(data or b"", key)
        except ObjectInvalid:
            tally.skipped += 1
            continue
        tally.sources += 1
        for (project, version), count in report.counts.items():
            tally.add(project, version, report.day, count)
    return tally


def read_logs(store: UsageStore, shelf: Repository, since: str) -> Tally:
    """The reads of ``shelf`` that the access logs in ``store`` tell of. An environment is built when its manifest is
    read; packs belong to a project, but to no one version of it."""
    tally, parts = Tally(), dict[str, dict[str, str]]()
    place = urlsplit(shelf.url)
    prefix = f"{place.path.strip('/')}/".lstrip("/")
    for stored in store.list(""):
        try:
            text = store.get(stored.key).decode("utf-8", "replace")
        except (ObjectInvalid, ObjectMissing):
            tally.skipped += 1
            continue
        tally.sources += 1
        for line in text.splitlines():
            access = parse_access(line)
            if access is None or access.bucket != place.netloc or access.day < since:
                continue
            found = _OBJECT.fullmatch(access.key.removeprefix(prefix)) if access.key.startswith(prefix) else None
            if found is None or not is_normalized(found[1]):
                continue
            version = ""
            if found[2] == "manifest":
                if found[1] not in parts:
                    parts[found[1]] = _versions_of_manifests(shelf, found[1])
                version = parts[found[1]].get(found[3], "")
            tally.add(found[1], version, access.day, Count(int(found[2] == "manifest"), 1, access.sent))
    return tally


def _versions_of_manifests(shelf: Repository, project: str) -> dict[str, str]:
    head = shelf.find_head(project)
    if head is None:
        return {}
    rows = list(shelf.versions_of(head).items())
    releases = map_parallel(lambda row: shelf.release_at(project, row[0], row[1].release), rows, PARALLEL)
    return {tree.manifest: release.version for release in releases for w in release.wheels for tree in w.trees.values()}


def sum_usage(
    repository: Repository, sizes: Mapping[str, int], tally: Tally, projects: Iterable[str] = ()
) -> Sequence[ProjectUsage]:
    """A row for every project that is on the shelf (or these), the largest first. Reports of others are nobody's."""
    wanted = list(projects) or list(sizes)
    repository.prefetch(wanted)
    rows = []
    for project in wanted:
        head = repository.find_head(project)
        if head is None:
            continue
        versions = repository.versions_of(head)
        told = tally.counts.get(project, {})
        used = {version for version, count in told.items() if count.environments}
        total = sum(told.values(), Count())
        rows.append(
            ProjectUsage(
                project=project,
                size=sizes.get(project, 0),
                environments=total.environments,
                requests=total.requests,
                received=total.bytes,
                last=tally.last.get(project, ""),
                versions=len(versions),
                unused=tuple(sorted(versions.keys() - used, key=version_order, reverse=True)),
            )
        )
    return sorted(rows, key=lambda row: (-row.size, row.project))
