"""Why a request cannot be met, in words: who wants what, what the shelf has, what is in the way, what would help."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from ..repository import shorten
from .fitting import python_fits, why_none_fits
from .provider import Cause, Need, ShelfProvider

EXCLUDED = 4  # versions whose exclusion is told one by one; each may need a request


def explain(provider: ShelfProvider, causes: Sequence[Cause]) -> str:
    """The whole story, line by line."""
    wanted: dict[str, list[Need]] = {}
    for need, _ in causes:
        wanted.setdefault(need.project, []).append(need)
    lines = [
        f"There is no set of versions for {' and '.join(dict.fromkeys(n.text for n in _roots(provider, causes)))}:"
    ]
    for project, needs in wanted.items():
        lines += _wishes(provider, project, needs)
        lines += _supply(provider, project, needs)
    for parent in dict.fromkeys(need.parent.project for need, _ in causes if need.parent and not need.parent.extra):
        lines += _prereleases(provider, parent)
    return "\n".join(lines)


def _prereleases(provider: ShelfProvider, project: str) -> list[str]:
    """A pre-release of what stands in the way may need something else; nobody takes it unasked (PEP 440)."""
    need = provider.reasons.get(project)
    if need is None or need.specifier.prereleases or project in provider.loaded:
        return []
    found = [text for v, text, _ in provider.known(project) if v.is_prerelease and need.specifier.contains(v, True)]
    return (
        [f"  {project} {found[0]} is a pre-release, taken only when asked for: {project}=={found[0]}"] if found else []
    )


def _roots(provider: ShelfProvider, causes: Sequence[Cause]) -> list[Need]:
    return [_chain(provider, need)[-1] for need, _ in causes]


def _chain(provider: ShelfProvider, need: Need) -> list[Need]:
    """``need``, the one that brought its parent, and so on up to what a person asked for."""
    chain = [need]
    while chain[-1].parent is not None:
        above = provider.reasons.get(chain[-1].parent.project)
        if above is None or above in chain:
            break
        chain.append(above)
    return chain


def _wishes(provider: ShelfProvider, project: str, needs: Sequence[Need]) -> list[str]:
    lines = {f"  {_wish(provider, need)}": None for need in needs}
    for specifier, source in provider.limits.get(project, ()):
        lines[f"  {project}{specifier}: {source}"] = None
    held = provider.loaded.get(project)
    if held is not None:
        lines[f"  {project} is {held.version}: it is already loaded in this kernel, by {held.by}"] = None
    return list(lines)


def _wish(provider: ShelfProvider, need: Need) -> str:
    if need.parent is None:
        return f"{need.text}: asked for"
    above = [f"{link.parent} wants {link.text}" for link in _chain(provider, need)[1:] if link.parent is not None]
    root = _chain(provider, need)[-1]
    asked = f", for {root.text}" if root.parent is None else ""
    return f"{need.text}: {need.parent} wants it{''.join(f', {text}' for text in above)}{asked}"


def _supply(provider: ShelfProvider, project: str, needs: Sequence[Need]) -> list[str]:
    """What the shelf has of ``project``, and why not these."""
    urls = dict.fromkeys(need.url for need in needs if need.url)
    if urls:
        return [f"  A shelf has no wheels from a URL ({url}); publish that wheel first." for url in urls]
    if project in provider.missing:
        return [f"  {provider.missing[project]}"]
    known = provider.known(project)
    allowed = SpecifierSet(",".join(str(need.specifier) for need in needs if str(need.specifier)))
    limit = SpecifierSet(",".join(text for text, _ in provider.limits.get(project, ())))
    fitting = [row for row in known if allowed.contains(row[0], True) and limit.contains(row[0], True)]
    lines = [f"  The shelf has {project} {', '.join(shorten(text for _, text, _ in known)) or 'in no version'}."]
    for version, text, entry in fitting[:EXCLUDED]:
        if provider.wheel(project, text) is None:
            lines.append(f"    {text} {why_none_fits(provider.repository.release(project, text), provider.target)}.")
        elif entry.yanked is not None:
            reason = f" ({entry.yanked})" if entry.yanked else ""
            lines.append(f"    {text} was yanked{reason}; only {project}=={text} takes it.")
        elif version.is_prerelease and not allowed.prereleases:
            lines.append(f"    {text} is a pre-release; {project}=={text} takes it.")
    if fitting:
        return lines + _lacking(provider, project, fitting[0][1])
    lines += [f"    {hint}" for hint in dict.fromkeys(_near(need, [v for v, _, _ in known]) for need in needs) if hint]
    specifiers = list(dict.fromkeys(str(need.specifier) for need in needs))
    if not str(limit) and any(not _any(specifier, known) for specifier in specifiers):
        unmet = next(specifier for specifier in specifiers if not _any(specifier, known))
        lines.append(f"  A curator publishes it with: cloudshelf publish {shlex.quote(f'{project}{unmet}')}")
    return lines


def _lacking(provider: ShelfProvider, project: str, text: str) -> list[str]:
    """How a curator adds a wheel for this interpreter to a version that has wheels for others."""
    if provider.wheel(project, text) is not None:
        return []
    if not any(python_fits(wheel, provider.target) for wheel in provider.repository.release(project, text).wheels):
        return []
    python = ".".join(provider.target.python.split(".")[:2])
    return [f"  A curator publishes it with: cloudshelf publish --python {python} {project}=={text}"]


def _any(specifier: str, known: Sequence[tuple[Version, str, object]]) -> bool:
    return any(SpecifierSet(specifier).contains(version, True) for version, _, _ in known)


def _near(need: Need, versions: Sequence[Version]) -> str:
    """ "==2.1" names 2.1.0 alone; who wrote it mostly means 2.1.*"""
    for specifier in need.specifier:
        if specifier.operator != "==" or specifier.version.endswith(".*"):
            continue
        try:
            prefix = SpecifierSet(f"=={Version(specifier.version).base_version}.*")
        except InvalidVersion:
            continue
        found = [str(version) for version in versions if prefix.contains(version, True)]
        if found and Version(specifier.version) not in versions:
            return f"{need.project}{prefix} would match {', '.join(shorten(found, 4))}."
    return ""
