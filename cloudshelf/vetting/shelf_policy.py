"""The policy of a shelf: one of its settings, to which every publish and every import of a bundle is held.

It is kept by those who publish, not by the store: see docs/security.md, "Recall".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import UsageError
from ..model import Release
from ..shelf_settings import SETTINGS
from .facts import Facts, days_since
from .osv import look_up
from .policy import Policy, all_reasons, parse_policy

FIELD = SETTINGS["publish-policy"].field
NAME = "of the shelf"


def shelf_policy(settings: Mapping[str, Any]) -> Policy | None:
    """The one that ``settings`` have. Raises UsageError for one that cannot be read: nothing is published then."""
    text = settings.get(FIELD)
    if text is None:
        return None
    try:
        return parse_policy(str(text), NAME)
    except UsageError as error:
        raise UsageError(
            f"{error} Nothing is published while that stands: a newer cloudshelf may know the rule; "
            "else ask who administers the shelf to set another (cloudshelf settings publish-policy FILE)."
        ) from None


def refusals(policies: Iterable[Policy | None], facts: Sequence[Facts]) -> tuple[str, list[str]]:
    """The names of those ``policies`` that refuse, and every reason once."""
    found = {policy.name: reasons for policy in policies if policy and (reasons := all_reasons(policy, facts))}
    return " and ".join(found), list(dict.fromkeys(reason for reasons in found.values() for reason in reasons))


def facts_of_releases(releases: Sequence[Release], osv: str) -> list[Facts]:
    """What releases say of their wheels themselves, as a bundle brings them; ``osv`` as in vetting/osv.py.

    Whether a URL was that of an index is written nowhere, so it counts as a URL.
    """
    private = [each.project for each in releases if any(not wheel.origin for wheel in each.wheels)]
    known = look_up(osv, [(each.project, each.version) for each in releases], private=private)
    return [
        Facts(
            project=release.project,
            version=release.version,
            license=release.license,
            released=wheel.released,
            age=days_since(wheel.released),
            size=wheel.size,
            vulnerabilities=known.of.get((release.project, release.version)),
            source="url" if wheel.origin else "local",
            provenance=bool(wheel.provenance),
        )
        for release in releases
        for wheel in release.wheels
    ]
