"""What a policy is about: a shelf in a bucket, and the projects and named locks on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..codecs.names import is_lock_name, is_normalized, normalize
from ..errors import UsageError
from ..usage_place import check_place

_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("us-iso-", "aws-iso"), ("us-isob-", "aws-iso-b"))
PARTITIONS = ("aws", *(name for _, name in _PARTITIONS), "aws-eusc")


@dataclass(frozen=True, slots=True)
class Scope:
    """A shelf, or some of it.

    ``prefix`` ends in a slash, or is empty. ``projects`` None: all of them. ``locks`` have no slash at the end, "" is
    all. ``reports`` is the ARN of where readers put usage reports, "" where they put none.
    """

    bucket: str
    prefix: str
    partition: str = "aws"
    projects: tuple[str, ...] | None = None
    locks: tuple[str, ...] = ()
    reports: str = ""
    catalog: bool = True  # whether who publishes brings the catalog up to date
    names: bool = True  # whether who reads sees the names of all projects

    @property
    def bucket_arn(self) -> str:
        return f"arn:{self.partition}:s3:::{self.bucket}"

    def arn(self, key: str) -> str:
        """The ARN of a key of the shelf; it may have wildcards."""
        return f"{self.bucket_arn}/{self.prefix}{key}"

    def of_projects(self, pattern: str) -> list[str]:
        """``pattern`` with every project in the place of {}: a slash behind it keeps cousins (foo-bar) out."""
        return [pattern.format(name) for name in (("*",) if self.projects is None else self.projects)]

    def of_locks(self, pattern: str) -> list[str]:
        """``pattern`` with every place for locks, which ends in a slash, in the place of {}."""
        return [pattern.format(f"locks/{name}/" if name else "locks/") for name in self.locks]


def make_scope(
    url: str,
    *,
    partition: str = "aws",
    projects: Iterable[str] | None = None,
    locks: Sequence[str] = (),
    reports: str | None = None,
    catalog: bool = True,
    names: bool = True,
) -> Scope:
    """The scope that words name. Raises UsageError for what is no shelf in a bucket, no project or no place of locks.

    ``locks`` such as "team/" or "team/2026q4", "/" for all; ``reports`` a folder of the shelf, or a URL.
    """
    parts = urlsplit(url)
    if parts.scheme != "s3":
        raise UsageError(
            f"{url} is not in a bucket, so no policy says who may read it: its folders' owners and modes do. "
            "For a shelf in a bucket: --shelf s3://bucket/prefix"
        )
    if parts.netloc.endswith(("-s3alias", "--ol-s3")):
        raise UsageError(
            f"{parts.netloc} is the alias of an access point, which policies do not know. "
            "Name the bucket behind it: --shelf s3://bucket/prefix"
        )
    path = parts.path.strip("/")
    bucket_arn = f"arn:{partition}:s3:::"
    place = f"{bucket_arn}{parts.netloc}/{path}".rstrip("/")
    if reports:
        checked = check_place(reports)
        other = urlsplit(checked)
        if other.scheme not in ("", "s3"):
            raise UsageError(f"Usage reports of a shelf in a bucket go to a bucket, not to {checked}.")
        place = f"{bucket_arn}{other.netloc}{other.path}" if other.scheme else f"{place}/{checked}"
    return Scope(
        bucket=parts.netloc,
        prefix=f"{path}/" if path else "",
        partition=partition,
        projects=None if projects is None else tuple(dict.fromkeys(map(_project, projects))),
        locks=tuple(dict.fromkeys(map(_locks, locks))),
        reports=f"{place.rstrip('/')}/*" if reports else "",
        catalog=catalog,
        names=names,
    )


def partition_of(region: str) -> str:
    """The partition that ``region`` is in (Amazon Resource Names; IAM user guide, "partition")."""
    if region.startswith("eusc-"):
        return "aws-eusc"
    return next((name for beginning, name in _PARTITIONS if region.startswith(beginning)), "aws")


def _project(word: str) -> str:
    """Normalized, for so its keys are written. A wildcard would be one in a policy, too."""
    name = normalize(word)
    if not is_normalized(name):
        raise UsageError(
            f"{word!r} is not the name of a project. Write it like pandas, for all its versions; all projects: --all"
        )
    return name


def _locks(word: str) -> str:
    name = word.strip("/")
    if name and not is_lock_name(name):
        raise UsageError(f"{word!r} is no place of named locks. Write it like team/, team/2026q4, or / for all.")
    return name
