"""Pages of verbs that delete."""

from __future__ import annotations

from ..quantities import count, size
from .blocks import Block, Result, records


def collect(result: Result) -> list[Block]:
    rows, looked = result["projects"], count(result["looked"], "project")
    found = [row for row in rows if row["objects"]]
    blocks: list[Block] = [records(found, ("project", "objects", "bytes"))] if found else []
    objects = sum(row["objects"] for row in found)
    if not objects:
        blocks.append(f"Nothing to collect in {looked}.")
    elif result["dry_run"]:
        blocks.append(f"{count(objects, 'object')} would go, {size(result['bytes'])}. This was a dry run.")
    else:
        blocks.append(f"Deleted {count(objects, 'object')}, {size(result['bytes'])}.")
    younger = sum(row["younger"] for row in rows)
    if younger:
        blocks.append(f"{count(younger, 'object')} that no head names stay until they are {result['grace']} old.")
    blocks += [f"{row['project']} was left alone: {row['problem']}" for row in rows if row["problem"]]
    return blocks


def purge(result: Result) -> list[Block]:
    pin = f"{result['project']}=={result['version']}"
    if result.get("again"):
        objects = result["objects"]
        left = f"Deleted {count(objects, 'object')} that was left of it." if objects else "Nothing is left of it."
        return [f"{pin} is purged already. {left}", *map(str, result["notes"])]
    done = result["purged"]
    amount = f"{count(result['objects'], 'object')}, {size(result['bytes'])}"
    blocks: list[Block] = [f"{'Purged' if done else 'It would purge'} {pin}: {amount}. Reason: {result['reason']}"]
    if result["locks"]:
        blocks.append(f"Named locks that pin it {'fail' if done else 'would fail'}: {', '.join(result['locks'])}")
    if result["dependents"]:
        rows = [row | {"left for it": row["left"] or "nothing"} for row in result["dependents"]]
        blocks += ["Projects that require it:", records(rows, ("project", "version", "requires", "left for it"))]
    if result["default"]:
        others = result["versions"]
        choose = f" Choose another: cloudshelf default {result['project']}=={others[0]}" if others else ""
        blocks.append(f"It {'was' if done else 'is'} the default of {result['project']}.{choose}")
    if not result["versions"]:
        blocks.append(f"{'No' if done else 'Then no'} version of {result['project']} is left.")
    blocks.append(
        "Other locks that pin it fail too, and say why. What is in somebody's cache or in a filled environment stays."
    )
    if not done:
        blocks.append("Nothing was changed.")
    return [*blocks, *map(str, result["notes"])]
