"""Pages of what is on the shelf."""

from __future__ import annotations

from ..quantities import count
from .blocks import Block, Link, Result, fields, records, renamed
from .vetting import age_words, severity_words

_WHEEL_COLUMNS = {
    "filename": "wheel",
    "interpreters": "compiled for",
    "installed": "installed",
    "packed": "download",
    "eager": "for an import",
}


def ls(result: Result) -> list[Block]:
    if "wheels" in result:
        links = {row["path"]: f"{row['path']} → {row['target']}" for row in result["files"] if row.get("target")}
        rows = [row | {"path": links.get(row["path"], row["path"])} for row in result["files"]]
        files = records(rows, ("path", "size"))
        return [f"{result['project']} {result['version']}", renamed(result["wheels"], _WHEEL_COLUMNS), "", files]
    if "versions" in result:  # a version may be yanked without a reason
        rows = [
            row | {"yanked": row["yanked"] or "yes"} if row["yanked"] is not None else row for row in result["versions"]
        ]
        return [
            f"{result['project']}: {count(len(rows), 'version')}",
            records(rows, ("version", "default", "yanked", "blocked")),
        ]
    rows = result.get("projects", ())
    if not rows:
        return ["The shelf is empty. Begin with: cloudshelf publish pandas"]
    return [records(rows, ("project", "default", "versions", "shelf", "summary"))]


def search(result: Result) -> list[Block]:
    rows = result.get("projects", ())
    return (
        [records(rows, ("project", "default", "why", "shelf", "summary"))]
        if rows
        else ["Nothing on the shelf matches."]
    )


def show(result: Result) -> list[Block]:
    plain = {k: v for k, v in result.items() if k not in ("wheels", "unknown", "age", "vulnerabilities", "released")}
    if "vulnerabilities" in result:
        plain["license"] = result["license"] or "not known"
        plain["released"] = age_words(result["released"], result["age"])
        plain["vulnerabilities"] = severity_words(result["vulnerabilities"], result["unknown"])
    blocks = fields(plain)
    wheels = result.get("wheels") or ()
    told = [f"{row['filename']} says that it was {row['provenance']}" for row in wheels if row.get("provenance")]
    return [*blocks, "", renamed(wheels, _WHEEL_COLUMNS), *told] if wheels else blocks


def why(result: Result) -> list[Block]:
    head = f"{result['project']} {result['version']}"
    return [f"{head} is pinned because:", *("  " + ", ".join(map(str, chain)) for chain in result["chains"])]


def log(result: Result) -> list[Block]:
    rows, project = result.get("entries", ()), result.get("project")
    if project is None:
        rows = [row | {"what": row["project"] or f"lock {row['lock']}"} for row in rows]
    first = ("time", "what") if project is None else ("seq", "time")
    columns = (*first, "by", "action", "signed")
    blocks: list[Block] = [records(rows, columns) if rows else "Nothing happened in that time."]
    if result.get("more"):
        words = f"log {project}" if project else "log"
        blocks.append(f"There is more: cloudshelf {words} --before {result['more']}")
    if result.get("denied"):
        blocks.append(f"Not shown, for want of a grant: {', '.join(result['denied'])}.")
    return blocks


def request(result: Result) -> list[Block]:
    name, text = str(result["name"]), str(result["text"])
    if result["present"]:
        versions = ", ".join(result["present"][:6])
        return [f"{name} is on the shelf already, as {versions}. To import it: %shelf use {name}"]
    if result["url"]:
        return ["Ask for it here:", Link(str(result["url"]))]
    lines = [f"  {line}" for line in text.splitlines()]
    return ["The shelf names no place for requests. Send this to one of its curators:", "", *lines]
