"""Pages of locks: written, named, compared, in a notebook, in a kernel."""

from __future__ import annotations

from ..quantities import count
from .blocks import Block, Result, Table, records, renamed
from .pinning import dry_run


def lock(result: Result) -> list[Block]:
    if "problem" in result:
        return dry_run(result)
    if "notebook" in result:
        return _lock_in_notebook(result)
    named = result.get("named")
    if named:
        pins = count(len(result.get("pins", ())), "pin")
        place = f"state {named['state']}, on {named['shelf']}"
        these = f"these {pins}" if len(result.get("pins", ())) != 1 else "this pin"
        lines = [f"{named['name']} {'has' if named['written'] else 'had already'} {these}: {place}"]
        if result.get("file"):
            lines.append(f"Wrote {pins} to {result['file']}")
        lines.append(f"Everybody: %shelf sync {named['name']}, or: cloudshelf run --lock {named['name']} -- python …")
        return [*lines, *map(str, result.get("notes", ())), *map(str, named["more"])]
    if result.get("file"):
        line = f"Wrote {count(len(result.get('pins', ())), 'pin')} to {result['file']}"
        return [line, *map(str, result.get("notes", ()))]
    comments = [f"# {note}" for note in result.get("notes", ())]  # what is printed is a lock, notes and all
    return [*comments, str(result.get("lock", "")).rstrip("\n")]


def _lock_in_notebook(result: Result) -> list[Block]:
    """``command`` is what a person has to type, where no editor put the lock in."""
    pins, name = count(len(result["pins"]), "pin"), result.get("file") or result["notebook"]
    if result.get("said"):
        return [str(result["said"])]
    if result.get("command"):
        return [
            f"Locked {pins}. An open notebook is only changed by its editor, and this one has not taken the lock.",
            "Save and close the notebook, shut its kernel down, then run in a terminal:",
            f"  {result['command']}",
            *map(str, result.get("notes", ())),
        ]
    short = str(result["digest"])[:12]
    return [
        f"Put {pins} into {name} (lock {short}).",
        *map(str, result.get("notes", ())),
        "Its first cell restores them wherever it runs:",
        "  %load_ext cloudshelf",
        "  %shelf sync --notebook",
    ]


_LOCK_COLUMNS = {
    "name": "name",
    "seq": "state",
    "time": "since",
    "by": "by",
    "pins": "pins",
    "tag": "for",
    "requirements": "asked for",
    "removed": "removed",
}


def locks(result: Result) -> list[Block]:
    if "message" in result:
        return [str(result["message"])]
    if "states" in result:
        columns = {name: title for name, title in _LOCK_COLUMNS.items() if name != "name"}
        one = f"One of them: sync {result['name']}@{result['states'][-1]['seq']}"
        return [f"{result['name']} on {result['shelf']}", renamed(result["states"], columns), one]
    if not result["locks"]:
        return [f"No lock on {result['shelf']} has a name yet. One gets it with: lock --name team/2026q4"]
    return [renamed(result["locks"], _LOCK_COLUMNS)]


def diff(result: Result) -> list[Block]:
    """From one lock to the other; the totals first."""
    kinds = [change["kind"] for change in result["changes"]]
    title = f"From {result['from']} to {result['to']}"
    blocks: list[Block] = [f"{c['what']}: {c['was'] or 'none'} → {c['now'] or 'none'}" for c in result["context"]]
    blocks += [_asked(row) for row in result["asked"]]
    if not kinds:
        return [f"{title}: the same {count(result['pins'], 'pin')}, to the byte.", *blocks]
    words = [("added", "added"), ("removed", "removed"), ("version", "changed"), ("files", "with other files")]
    counts = ", ".join(f"{kinds.count(kind)} {word}" for kind, word in words if kind in kinds)
    rows = tuple(
        (
            c["project"],
            c["was"] or "",
            f"{c['version']} (other files)" if c["kind"] == "files" else c["version"] or "",
            ", ".join(c["why"]),
        )
        for c in result["changes"]
    )
    table = Table(("project", "was", "is", "for"), rows)
    return [f"{title}: {counts}; {result['same']} the same.", *blocks, table]


def _asked(row: Result) -> str:
    if row["was"] and row["now"]:
        return f"asked for: {row['was']} → {row['now']}"
    return f"asked for now: {row['now']}" if row["now"] else f"no longer asked for: {row['was']}"


def kernelspec(result: Result) -> list[Block]:
    if "message" in result:
        return [str(result["message"])]
    rows = [row | {"pins": "cannot be read" if row["broken"] else row["pins"]} for row in result["kernels"]]
    if not rows:
        return ["No kernel was made here yet. One is: cloudshelf kernelspec team --lock pylock.toml"]
    return [records(rows, ("kernel", "display_name", "pins", "requirements", "shelf", "folder"))]
