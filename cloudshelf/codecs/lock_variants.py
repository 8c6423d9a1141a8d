"""One lock for machines with different accelerators: the pins of several variants in one ``pylock.toml`` (PEP 751).

A variant is a dependency group there, the first one a default group, so other tools install that; what all variants
have in common stands once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import UsageError

Choose = Callable[[Sequence[str]], str]


def join_tables(tables: Mapping[str, Mapping[str, Any]], tool: str) -> dict[str, Any]:
    """The tables of the locks of several variants (label → table, the first is the default) as one."""
    labels = list(tables)
    owners: dict[str, list[str]] = {}
    packages: dict[str, Mapping[str, Any]] = {}
    for label, table in tables.items():
        for package in table["packages"]:
            content = json.dumps(package, sort_keys=True)
            owners.setdefault(content, []).append(label)
            packages[content] = package
    first = tables[labels[0]]
    joined = [_mark(package, owners[content], labels, tool) for content, package in packages.items()]
    facts = dict(first["tool"][tool]) | {"variants": labels}
    groups = [_group(label) for label in labels]
    rest = {name: value for name, value in first.items() if name not in ("packages", "tool")}
    joined.sort(key=lambda package: (package["name"], package["version"]))
    return rest | {
        "dependency-groups": groups,
        "default-groups": groups[:1],
        "packages": joined,
        "tool": {tool: facts},
    }


def pick_table(table: Mapping[str, Any], choose: Choose, source: str, tool: str) -> Mapping[str, Any]:
    """The table of one variant, which ``choose`` takes among the labels; ``table`` itself where it has none.

    Raises UsageError for labels that are no list of texts.
    """
    tools = table.get("tool")
    facts = tools.get(tool) if isinstance(tools, dict) else None
    if not isinstance(facts, dict) or "variants" not in facts:
        return table
    labels = facts["variants"]
    if not isinstance(labels, list) or not labels or not all(isinstance(label, str) for label in labels):
        raise UsageError(f"{source} is not a lock that can be read: tool.{tool}.variants is not a list of labels.")
    chosen = choose(labels)
    packages = [
        _unmark(package, tool) for package in table.get("packages", ()) if chosen in _labels(package, labels, tool)
    ]
    rest = {name: value for name, value in table.items() if name not in ("dependency-groups", "default-groups")}
    inner = {name: value for name, value in facts.items() if name != "variants"}
    return rest | {"packages": packages, "tool": {tool: inner}}


def _mark(package: Mapping[str, Any], owners: list[str], labels: list[str], tool: str) -> dict[str, Any]:
    if owners == labels:
        return dict(package)
    marker = " or ".join(f"'{_group(label)}' in dependency_groups" for label in owners)
    facts = package["tool"][tool] | {"variants": owners}
    return {"name": package["name"], "version": package["version"], "marker": marker, **package, "tool": {tool: facts}}


def _unmark(package: Mapping[str, Any], tool: str) -> dict[str, Any]:
    if "variants" not in package.get("tool", {}).get(tool, {}):
        return dict(package)
    facts = {name: value for name, value in package["tool"][tool].items() if name != "variants"}
    return {name: value for name, value in package.items() if name != "marker"} | {"tool": {tool: facts}}


def _labels(package: Mapping[str, Any], labels: list[str], tool: str) -> list[str]:
    found: list[str] = package.get("tool", {}).get(tool, {}).get("variants", labels)
    return found


def _group(label: str) -> str:
    """A label as the name of a dependency group (PEP 735)."""
    return label.replace(".", "-")
