"""Pages of what changes a shelf, or carries it elsewhere."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from ..quantities import count, size
from .blocks import Block, Result, records
from .vetting import severity_words


def publish(result: Result) -> list[Block]:
    rows = result["projects"]
    several = ("python",) if len({row["python"] for row in rows}) > 1 else ()
    table = records(rows, ("project", "version", *several, "action", "default", "uploaded"))
    if all(row.get("facts") for row in rows) and rows:
        columns = (
            "project",
            "version",
            *several,
            "action",
            "size",
            "files",
            "unpacked",
            "license",
            "age",
            "vulnerabilities",
            "wheel",
        )
        table = records([row | _facts(row["facts"]) for row in rows], columns)
    notes = [
        f"{row['project']} {row['version']}: its import failed when it was recorded, so it will load more slowly: "
        f"{row['profile_error']}"
        for row in rows
        if row["profile_error"]
    ]
    notes += [f"{row['project']} {row['version']}: {remark}." for row in rows for remark in row.get("remarks", ())]
    if all(row["action"] == "would publish" for row in rows):
        said = f"Nothing was uploaded: this was a dry run.{_sum(rows)}"
    elif any(row["action"] == "would publish" for row in rows):
        said = f"Nothing was uploaded: this was a dry run.{_sum(rows)} What is present would stay as it is."
    elif not result["uploaded"]:
        said = "Nothing was uploaded: all of it was there already."
    else:
        said = f"Uploaded {size(result['uploaded'])}."
    if result.get("unknown"):
        notes.append(f"Vulnerabilities are not known: {result['unknown']}. From a file: --osv PATH")
    refused = [f"  {reason}" for reason in result.get("refused", ())]
    if refused:
        notes += ["The policy refuses it:", *refused]
    return [table, said, *notes, *map(str, result.get("notes", ()))]


def _sum(rows: Sequence[Result]) -> str:
    """What all that would be new comes to, as far as it is known."""
    facts = [row["facts"] for row in rows if row["action"] == "would publish" and row.get("facts")]
    known = [each for each in facts if each["files"] is not None]
    if not known:
        return ""
    files, unpacked = sum(each["files"] for each in known), sum(each["unpacked"] for each in known)
    rest = f" and what {count(len(facts) - len(known), 'other')} have" if len(known) < len(facts) else ""
    return f" It would be {count(files, 'file')}, {size(unpacked)} unpacked{rest}."


def _facts(facts: Result) -> Result:
    age = facts["age"]
    return {
        "size": facts["size"],
        "files": "not known" if facts["files"] is None else facts["files"],
        "unpacked": facts["unpacked"],
        "license": facts["license"] or "not known",
        "age": "not known" if age is None else count(age, "day"),
        "vulnerabilities": severity_words(facts["vulnerabilities"]),
    }


def export(result: Result) -> list[Block]:
    blocks: list[Block] = []
    if result["projects"]:
        blocks.append(records(result["projects"], ("project", "version", "default", "yanked")))
    if result["engine"]:
        blocks.append(f"With the engine: cloudshelf and what it needs, {count(len(result['engine']), 'wheel')}.")
    blocks.append(f"Wrote {result['bundle']}, {size(result['size'])}; sha256 {result['sha256']}")
    if result["engine"]:
        name = shlex.quote(result["bundle"].rpartition("/")[2])
        install = 'python -m pip install --no-index --find-links engine "cloudshelf[publish]"'
        blocks.append(f"To install the engine there: tar -xf {name} engine && {install}")
    if result["projects"]:
        name = shlex.quote(result["bundle"].rpartition("/")[2])
        blocks.append(f"To put it on a shelf there: cloudshelf import {name} --shelf URL")
    return blocks


def import_(result: Result) -> list[Block]:
    rows, blocks = result["projects"], list[Block]()
    if rows:
        blocks.append(records(rows, ("project", "version", "action", "default", "yanked")))
    new = [row for row in rows if row["action"] != "present"]
    if any(row["action"] == "would import" for row in rows):
        blocks.append("Nothing was uploaded: this was a dry run.")
    elif new:
        blocks.append(f"Imported {count(len(new), 'version')}; uploaded {size(result['uploaded'])}.")
    elif rows:
        blocks.append("Nothing was uploaded: all of it was there already.")
    else:
        blocks.append("The bundle has no distributions.")
    if result["engine"] and not rows:
        blocks.append("It has the engine, which pip installs; its README.txt says how: tar -xOf BUNDLE README.txt")
    return [*blocks, *map(str, result["notes"])]
