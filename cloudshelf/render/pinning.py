"""Pages of what a notebook does with its pins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..quantities import count
from .blocks import Block, Result, Table, records


def pinned(result: Result) -> list[Block]:
    """use, drop, sync: what changed, and why it is there."""
    if "problem" in result:
        return dry_run(result)
    changes = list(result.get("changes", ()))
    blocks: list[Block] = [_source_lines(result["lines"])] if result.get("lines") else []
    if not changes:
        return [*blocks, "Nothing changed; all of it was pinned already.", *map(str, result.get("notes", ()))]
    asked = [c for c in changes if c.get("version") and not c.get("why")]
    brought = [c for c in changes if c.get("version") and c.get("why")]
    gone = [c for c in changes if not c.get("version")]
    if asked:
        blocks.append(f"Pinned: {changes_line(asked)}")
    if brought:
        blocks.append("With: " + ", ".join(f"{changes_line([c])} (for {', '.join(c['why'])})" for c in brought))
    if gone:
        blocks.append("Dropped: " + ", ".join(_gone(c) for c in gone))
    blocks += [str(note) for note in result.get("notes", ())]
    return blocks


def dropped(result: Result) -> list[Block]:
    """drop: what left the pins; what stays has a note."""
    return pinned(result) if result.get("changes") else [*map(str, result.get("notes", ()))] or pinned(result)


def _gone(change: Result) -> str:
    """What is dropped; nobody asked for a project that was there for others."""
    words = f"{change['project']} {change.get('was') or ''}".strip()
    return f"{words} (was for {', '.join(change['why'])})" if change.get("why") else words


def changes_line(changes: Sequence[Result]) -> str:
    """What a use, drop or sync did, in one line."""
    if not changes:
        return "Nothing changed."
    words = []
    for change in changes:
        was, now = change.get("was"), change.get("version")
        if was and was == now:
            words.append(f"{change['project']} {now} (other files)")
        elif was and now:
            words.append(f"{change['project']} {was} → {now}")
        elif now:
            words.append(f"{change['project']} {now}")
        else:
            words.append(f"{change['project']} dropped")
    return ", ".join(words)


def history(result: Result) -> list[Block]:
    if "states" not in result:
        return pinned(result)
    rows = tuple(
        (str(s["state"]), s["time"], s["did"], changes_line(s["changes"]) if s["state"] else "")
        for s in result["states"]
    )
    return [Table(("state", "time", "what", "changed"), rows), "Back to one of them: %shelf history --to STATE"]


def dry_run(result: Result) -> list[Block]:
    """What files and requirements would come to."""
    blocks: list[Block] = [_source_lines(result["lines"])] if result["lines"] else []
    if result["pins"]:
        blocks.append("Would pin: " + ", ".join(f"{pin['project']} {pin['version']}" for pin in result["pins"]))
    elif result["problem"]:
        blocks.append(str(result["problem"]))
    else:
        missing = sum(1 for row in result["lines"] if str(row["found"]).startswith("missing"))
        blocks.append(f"{count(missing, 'line')} cannot be met by this shelf. A curator adds what is missing.")
    return [*blocks, *map(str, result.get("notes", ())), "Nothing was changed: this was a dry run."]


def _source_lines(rows: Iterable[Result]) -> Table:
    """The report of the lines of a file of requirements."""
    return records(rows, ("file", "line", "text", "found"))


def freeze(result: Result) -> list[Block]:
    if result.get("file"):
        written = f"Wrote {count(len(result['pins']), 'line')} to {result['file']}"
        return [written, *map(str, result.get("notes", ()))]
    comments = [f"# {note}" for note in result.get("notes", ())]  # what is printed is a requirements.txt
    return [*comments, str(result["text"]).rstrip("\n")]
