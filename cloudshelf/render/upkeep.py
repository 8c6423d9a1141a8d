"""Pages of a shelf's and a machine's health, and of who uses what."""

from __future__ import annotations

import json

from ..quantities import count, size
from .blocks import Block, Result, Table, records


def verify(result: Result) -> list[Block]:
    looked = f"{count(result['projects'], 'project')}, {count(result['packs'], 'pack')}, {size(result['bytes'])}"
    if result.get("locks"):
        looked += f", {count(result['locks'], 'named lock')}"
    damages, unread = result["damages"], ", ".join(result.get("unread", ()))
    told: list[Block] = [f"Not looked at, for want of a grant: {unread}."] if unread else []
    if result.get("garbage"):
        amount = f"{count(result['garbage'], 'object')}, {size(result['garbage_bytes'])}"
        told.append(f"No head ever named {amount}: left by publishes that did not end. See: cloudshelf collect")
    if not damages:
        return [f"{'What could be read' if unread else 'All'} is sound: {looked}.", *told]
    blocks: list[Block] = [
        f"{count(len(damages), 'object')} damaged, of {looked}:",
        records(damages, ("key", "reason")),
    ]
    if any(not damage["key"].startswith("catalog/") for damage in damages):
        blocks.append("Publish what is damaged again, or bring the objects back from a copy of the store.")
    if result.get("repairable"):
        blocks.append("The catalog can be written anew: cloudshelf verify --repair")
    return [*blocks, *told]


def cache(result: Result) -> list[Block]:
    if "verified" in result:
        return _verified(result)
    if "freed" in result:
        kept = result["kept"]
        left = f" {count(kept, 'environment')} stayed, in use or used lately." if kept else ""
        return [f"Freed {size(result['freed'])}; removed {count(result['removed'], 'environment')}.{left}"]
    parts = tuple((name, size(count)) for name, count in result["parts"].items())
    return [
        f"{result['cache']}: {size(result['total'])} for {count(result['environments'], 'environment')}",
        Table(("part", "size"), parts, frozenset({"size"})),
        "Unused environments go with: cache prune. Everything that can come again: cache clear",
    ]


def _verified(result: Result) -> list[Block]:
    damaged, unchecked = result["damaged"], [f"Not compared: {r['path']}: {r['why']}." for r in result["unchecked"]]
    if not damaged:
        return [f"All {count(result['verified'], 'file')} in {result['cache']} are sound.", *unchecked]
    rows = [row | {"repaired": "yes" if row["repaired"] else ""} for row in damaged]
    table = records(rows, ("path", "what", "repaired"))
    found = f"{count(len(damaged), 'finding')} in {result['cache']}, {count(result['verified'], 'file')} compared:"
    mend = "Put right what is not: cloudshelf cache verify --repair" if result["exit_code"] else "All is sound again."
    return [found, table, *unchecked, mend]


def doctor(result: Result) -> list[Block]:
    rows = result.get("checks", ())
    return [
        Table(("", "check", "found"), tuple(("ok" if r["ok"] else "!!", r["check"], str(r["found"])) for r in rows))
    ]


def settings(result: Result) -> list[Block]:
    if result["message"]:
        return [str(result["message"])]
    rows = [row | {"value": "; ".join(str(row["value"] or "(not set)").splitlines())} for row in result["settings"]]
    return [records(rows, ("setting", "value", "meaning"))]


def usage(result: Result) -> list[Block]:
    told, rows = bool(result["sources"]), []
    for row in result["projects"]:
        unused = list(row["unused"]) if told else []
        more = f" and {len(unused) - 3} more" if len(unused) > 3 else ""
        rows.append(row | {"never used": ", ".join(unused[:3]) + more})
    columns = ("project", "size", "versions", "environments", "requests", "received", "last", "never used")
    if not rows:
        return ["The shelf is empty. Begin with: cloudshelf publish pandas"]
    said = f"{count(len(rows), 'project')}, {size(result['total'])}"
    if told:
        kind = "access log" if result["logs"] else "report"
        said += f"; uses since {result['since']}, of {count(result['sources'], kind)}"
    return [records(rows, columns if told else columns[:3]), f"{said}.", *map(str, result["notes"])]


def policy(result: Result) -> list[Block]:
    """Only the policy, so that it can go into a file; the command says the notes beside it."""
    return [json.dumps(result["policy"], indent=2)]


def completion(result: Result) -> list[Block]:
    return [str(result["script"]).rstrip("\n")]


def traceback(result: Result) -> list[Block]:
    return [str(result["traceback"])]
