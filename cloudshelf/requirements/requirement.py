"""A requirement as a person or a wheel writes it (PEP 508)."""

from __future__ import annotations

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from ..codecs.names import is_normalized
from ..errors import RequirementInvalid


def parse_requirement(text: str) -> Requirement:
    """One requirement that a shelf can answer. Raises RequirementInvalid."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        raise RequirementInvalid(text, str(error).splitlines()[0].rstrip(".")) from None
    if requirement.url is not None:
        raise RequirementInvalid(text, "a shelf has no wheels from a URL; publish that wheel, then ask for it by name")
    if not is_normalized(canonicalize_name(requirement.name)):
        raise RequirementInvalid(text, "that is not a project's name")
    return requirement


def words_of(requirement: Requirement) -> str:
    """The requirement without its marker, as a person would write it."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    where = f" @ {requirement.url}" if requirement.url else str(requirement.specifier)
    return f"{canonicalize_name(requirement.name)}{extras}{where}"
