"""What is both pinned from the shelf and installed in this Python: which copy an import gets, and why.

Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .loaded import find_installed, site_folders


def find_copies(wanted: Mapping[str, str]) -> list[tuple[str, str]]:
    """(project, a sentence) for each of ``wanted`` (project to version) of which a copy is installed here as well."""
    ours = [folder for folder in site_folders() if is_environment(folder)]
    installed = find_installed(own_folders())
    pinned = find_installed(ours)
    rows = []
    for project in sorted(wanted.keys() & installed.keys()):
        version, folder, direct = installed[project]
        place = f"{version} is installed in {folder}"
        if project in pinned:
            rows.append((project, f"{wanted[project]} of the shelf comes first, since it is pinned; {place}"))
        elif direct:
            rows.append((project, f"{place}, editable or from a URL, and comes first; only --shadow changes that"))
        else:
            rows.append((project, f"{place}, and comes first, since it was loaded before"))
    return rows


def own_folders() -> list[str]:
    """The site-packages of this Python itself."""
    return [folder for folder in site_folders() if not is_environment(folder)]


def is_environment(folder: str) -> bool:
    """Whether a site-packages is that of an environment off a shelf."""
    return Path(folder, "..", "..", "..", ".cloudshelf", "index").exists()
