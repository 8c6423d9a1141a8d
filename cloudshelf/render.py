"""Results of verbs as plain text, HTML or JSON; one description of each verb's page serves all. Standard library only.

A page is a list of blocks: a line of text, or a Table. HTML takes its colours from the page around it.
"""

from __future__ import annotations

import html
import json
import re
import shlex
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .ticker import Ticker

Result = Mapping[str, Any]
BRIEF = 28  # characters of what a bar says it works on
MOST = 60  # rows of a table in a notebook; pandas has 3000 files
LONG = 160  # characters of a line; two lines of a notebook


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; columns named in ``numbers`` are aligned to the right."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Link:
    """A URL that a reader may open: http, https or mailto, by whoever made it."""

    url: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, and what says the same in text."""

    text: str
    svg: str


Block = str | Table | Link | Picture


def to_text(verb: str, result: Result) -> str:
    """The page as plain text."""
    return "\n".join(_block_text(block) for block in describe(verb, result))


def to_html(verb: str, result: Result) -> str:
    """The page as HTML, every value escaped."""
    parts = []
    for block in describe(verb, result):
        if isinstance(block, Table):
            parts.append(_table_html(block))
        elif isinstance(block, Link):
            url = html.escape(block.url)
            parts.append(f'<div><a href="{url}" target="_blank" rel="noopener noreferrer">{url}</a></div>')
        elif isinstance(block, Picture):
            parts.append(block.svg)
        elif "\n" in block or "  " in block:  # its columns are made of spaces
            parts.append(f'<pre style="margin:0">{html.escape(block)}</pre>')
        else:
            parts.append(f"<div>{html.escape(block)}</div>")
    return f'<div class="cloudshelf">{"".join(parts)}</div>'


def to_json(result: Result) -> str:
    return json.dumps(result, indent=2, sort_keys=True, default=str)


class Answer(dict[str, Any]):
    """A verb's result for programs, which shows itself to people as the verb's page."""

    def __init__(self, verb: str, result: Result) -> None:
        super().__init__(result)
        self.verb = verb

    def __repr__(self) -> str:
        return to_text(self.verb, self)

    def _repr_html_(self) -> str | None:
        """Tables as HTML, and lines so long that JupyterLab would break them within a word; else None: text is best."""
        blocks = describe(self.verb, self)
        rich = any(not isinstance(b, str) or (len(b) > LONG and "\n" not in b) for b in blocks)
        return to_html(self.verb, self) if rich else None


def describe(verb: str, result: Result) -> list[Block]:
    """The blocks of a verb's page; a verb without a page of its own is shown field by field."""
    return _PAGES.get(verb, _fields)(result)


def filled_line(done: Mapping[str, Any]) -> str:
    """What a fill did, in one line."""
    if not done.get("files"):
        return "Everything was in place already."
    return f"Brought {done['files']} files, {size(done.get('bytes', 0))}; the environment needs no network now."


def size(count: float) -> str:
    """Bytes for people: 12 B, 3.4 kB, 120 MB (powers of 1000)."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5 or unit == "GB":
            return f"{count:.0f} {unit}" if count >= 99.5 or unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError("unreachable")


def seconds(value: float) -> str:
    """Seconds for people: 12 ms, 3.4 s, 2 min 5 s."""
    if value < 0.9995:
        return f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.1f} s"
    return f"{int(value // 60)} min {int(value % 60)} s"


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


def _pinned(result: Result) -> list[Block]:
    """use, drop, sync: what changed, and why it is there."""
    if "problem" in result:
        return _dry_run(result)
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


def _gone(change: Result) -> str:
    """What is dropped; nobody asked for a project that was there for others."""
    words = f"{change['project']} {change.get('was') or ''}".strip()
    return f"{words} (was for {', '.join(change['why'])})" if change.get("why") else words


def _diff(result: Result) -> list[Block]:
    """From one lock to the other; the totals first."""
    kinds = [change["kind"] for change in result["changes"]]
    title = f"From {result['from']} to {result['to']}"
    blocks: list[Block] = [f"{c['what']}: {c['was'] or 'none'} → {c['now'] or 'none'}" for c in result["context"]]
    blocks += [_asked(row) for row in result["asked"]]
    if not kinds:
        return [f"{title}: the same {_count(result['pins'], 'pin')}, to the byte.", *blocks]
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


_LOCK_COLUMNS = {
    "name": "name",
    "seq": "state",
    "time": "since",
    "by": "by",
    "pins": "pins",
    "tag": "for",
    "requirements": "asked for",
}


def _locks(result: Result) -> list[Block]:
    if "states" in result:
        columns = {name: title for name, title in _LOCK_COLUMNS.items() if name != "name"}
        one = f"One of them: sync {result['name']}@{result['states'][-1]['seq']}"
        return [f"{result['name']} on {result['shelf']}", _renamed(result["states"], columns), one]
    if not result["locks"]:
        return [f"No lock on {result['shelf']} has a name yet. One gets it with: lock --name team/2026q4"]
    return [_renamed(result["locks"], _LOCK_COLUMNS)]


def _renamed(rows: Iterable[Result], columns: Mapping[str, str]) -> Table:
    """A table of ``columns``, each under the words that people read."""
    table = _records(rows, tuple(columns))
    return Table(tuple(columns[c] for c in table.header), table.rows, frozenset(columns[c] for c in table.numbers))


def _history(result: Result) -> list[Block]:
    if "states" not in result:
        return _pinned(result)
    rows = tuple(
        (str(s["state"]), s["time"], s["did"], changes_line(s["changes"]) if s["state"] else "")
        for s in result["states"]
    )
    return [Table(("state", "time", "what", "changed"), rows), "Back to one of them: %shelf history --to STATE"]


def _source_lines(rows: Iterable[Result]) -> Table:
    """The report of the lines of a file of requirements."""
    return _records(rows, ("file", "line", "text", "found"))


def _dry_run(result: Result) -> list[Block]:
    """What files and requirements would come to."""
    blocks: list[Block] = [_source_lines(result["lines"])] if result["lines"] else []
    if result["pins"]:
        blocks.append("Would pin: " + ", ".join(f"{pin['project']} {pin['version']}" for pin in result["pins"]))
    elif result["problem"]:
        blocks.append(str(result["problem"]))
    else:
        missing = sum(1 for row in result["lines"] if str(row["found"]).startswith("missing"))
        blocks.append(f"{_count(missing, 'line')} cannot be met by this shelf. A curator adds what is missing.")
    return [*blocks, *map(str, result.get("notes", ())), "Nothing was changed: this was a dry run."]


def _list(result: Result) -> list[Block]:
    """The pins of a notebook, as pip lists what is installed."""
    rows = [row | {"asked for": "yes" if row["asked"] else ""} for row in result.get("pins", ())]
    if not rows:
        return ["Nothing is pinned yet. Begin with: %shelf use pandas. What the shelf has: %shelf ls"]
    return [_records(rows, ("project", "version", "asked for"))]


def _freeze(result: Result) -> list[Block]:
    if result.get("file"):
        written = f"Wrote {_count(len(result['pins']), 'line')} to {result['file']}"
        return [written, *map(str, result.get("notes", ()))]
    comments = [f"# {note}" for note in result.get("notes", ())]  # what is printed is a requirements.txt
    return [*comments, str(result["text"]).rstrip("\n")]


def _dropped(result: Result) -> list[Block]:
    """drop: what left the pins; what stays has a note."""
    return _pinned(result) if result.get("changes") else [*map(str, result.get("notes", ()))] or _pinned(result)


def _status(result: Result) -> list[Block]:
    blocks: list[Block] = [f"Shelf: {result.get('shelf') or 'none (type %shelf connect URL, or set CLOUDSHELF_URL)'}"]
    rows = result.get("pins", ())
    if not rows:
        return [*blocks, "Nothing is pinned yet. Begin with: %shelf use pandas"]
    cells = tuple(
        (
            r["project"],
            r["version"],
            "yes" if r["loaded"] else "",
            "shelf" if r["loaded"] else "",
            f"{size(r['fetched'])} of {size(r['bytes'])}",
        )
        for r in rows
    )
    blocks.append(Table(("project", "version", "loaded", "from", "in place"), cells, frozenset({"in place"})))
    fetched, total = sum(r["fetched"] for r in rows), sum(r["bytes"] for r in rows)
    blocks.append(f"{_count(len(rows), 'pin')}; {size(fetched)} of {size(total)} in place.")
    if result.get("provided"):
        provided = ", ".join(f"{project} {version}" for project, version in sorted(result["provided"].items()))
        blocks.append(f"Provided by this kernel: {provided}.")
    counts = result.get("statistics") or {}
    if counts.get("requests"):
        blocks.append(_received(counts))
    if result.get("note"):
        blocks.append(str(result["note"]))
    return blocks


def _profile(result: Result) -> list[Block]:
    """The last imports of a process; the bars say which waited for files, and the words whose those were."""
    from .waterfall import RUNNING, WAITING, draw_bars, draw_svg, worth_showing

    rows = result["imports"]
    if not rows:
        return [str(result.get("note") or "Nothing was imported yet.")]
    shown = worth_showing(rows)
    cells = tuple(
        (f"{'  ' * row['depth']}{row['module']}", seconds(row["seconds"]), _waited(row), row["source"], drawn)
        for row, drawn in zip(shown, draw_bars(shown), strict=True)
    )
    table = Table(("import", "took", "waited", "from", ""), cells, frozenset({"took", "waited"}))
    notes = [f"{seconds(row['seconds'])} {row['source']}" for row in shown]
    facts = [f"{r['module']}: {seconds(r['seconds'])}, {_waited(r) or 'no'} wait, {r['source']}" for r in shown]
    outermost = [row for row in rows if not row["depth"]]
    waited = sum(row["waited"] for row in outermost)
    said = f"{_count(len(outermost), 'import')} of {_count(len(rows), 'module')} took {seconds(result['seconds'])}"
    said += f", {seconds(waited)} of it waiting for {_count(sum(r['files'] for r in outermost), 'file')}."
    fetched = sum(row["source"] == "fetched" for row in rows)
    blocks: list[Block] = [
        f"{said} {_count(fetched, 'module')} fetched, {len(rows) - fetched} there before.",
        Picture(f"{_table_text(table)}\n{WAITING} waited for files, {RUNNING} ran", draw_svg(shown, notes, facts)),
    ]
    if len(shown) < len(rows):
        blocks.append(f"{len(rows) - len(shown)} shorter ones are left out, which --json shows.")
    counts = result.get("statistics") or {}
    if counts.get("requests"):
        blocks.append(_received(counts))
    return [*blocks, *map(str, result.get("notes", ()))]


def _waited(row: Result) -> str:
    return seconds(row["waited"]) if row["waited"] >= 0.0005 else ""


def _received(counts: Result) -> str:
    took = f" in {seconds(counts['seconds'])}" if counts.get("seconds") else ""
    return f"Received {size(counts.get('bytes', 0))} with {_count(_requests(counts['requests']), 'request')}{took}."


def _requests(count: Any) -> int:
    return sum(count.values()) if isinstance(count, Mapping) else int(count)


def _ls(result: Result) -> list[Block]:
    if "wheels" in result:
        files = _records(result["files"], ("path", "size"))
        return [f"{result['project']} {result['version']}", _wheels(result["wheels"]), "", files]
    if "versions" in result:  # a version may be yanked without a reason
        rows = [
            row | {"yanked": row["yanked"] or "yes"} if row["yanked"] is not None else row for row in result["versions"]
        ]
        return [
            f"{result['project']}: {_count(len(rows), 'version')}",
            _records(rows, ("version", "default", "yanked")),
        ]
    rows = result.get("projects", ())
    if not rows:
        return ["The shelf is empty. Begin with: cloudshelf publish pandas"]
    return [_records(rows, ("project", "default", "versions", "shelf", "summary"))]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _search(result: Result) -> list[Block]:
    rows = result.get("projects", ())
    return (
        [_records(rows, ("project", "default", "why", "shelf", "summary"))]
        if rows
        else ["Nothing on the shelf matches."]
    )


def _show(result: Result) -> list[Block]:
    plain = {k: v for k, v in result.items() if k != "wheels"}
    blocks = _fields(plain)
    return [*blocks, "", _wheels(result["wheels"])] if result.get("wheels") else blocks


def _wheels(rows: Iterable[Result]) -> Table:
    names = {
        "filename": "wheel",
        "interpreters": "compiled for",
        "installed": "installed",
        "packed": "download",
        "eager": "for an import",
    }
    table = _records(rows, tuple(names))
    return Table(
        tuple(names[column] for column in table.header), table.rows, frozenset(names[c] for c in table.numbers)
    )


def _why(result: Result) -> list[Block]:
    head = f"{result['project']} {result['version']}"
    return [f"{head} is pinned because:", *("  " + ", ".join(map(str, chain)) for chain in result["chains"])]


def _lock(result: Result) -> list[Block]:
    if "problem" in result:
        return _dry_run(result)
    if "notebook" in result:
        return _lock_in_notebook(result)
    named = result.get("named")
    if named:
        pins = _count(len(result.get("pins", ())), "pin")
        place = f"state {named['state']}, on {named['shelf']}"
        these = f"these {pins}" if len(result.get("pins", ())) != 1 else "this pin"
        lines = [f"{named['name']} {'has' if named['written'] else 'had already'} {these}: {place}"]
        if result.get("file"):
            lines.append(f"Wrote {pins} to {result['file']}")
        lines.append(f"Everybody: %shelf sync {named['name']}, or: cloudshelf run --lock {named['name']} -- python …")
        return [*lines, *map(str, result.get("notes", ())), *map(str, named["more"])]
    if result.get("file"):
        line = f"Wrote {_count(len(result.get('pins', ())), 'pin')} to {result['file']}"
        return [line, *map(str, result.get("notes", ()))]
    comments = [f"# {note}" for note in result.get("notes", ())]  # what is printed is a lock, notes and all
    return [*comments, str(result.get("lock", "")).rstrip("\n")]


def _lock_in_notebook(result: Result) -> list[Block]:
    """``command`` is what a person has to type, where no editor put the lock in."""
    pins, name = _count(len(result["pins"]), "pin"), result.get("file") or result["notebook"]
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


def _kernelspec(result: Result) -> list[Block]:
    if "message" in result:
        return [str(result["message"])]
    rows = [row | {"pins": "cannot be read" if row["broken"] else row["pins"]} for row in result["kernels"]]
    if not rows:
        return ["No kernel was made here yet. One is: cloudshelf kernelspec team --lock pylock.toml"]
    return [_records(rows, ("kernel", "display_name", "pins", "requirements", "shelf", "folder"))]


def _publish(result: Result) -> list[Block]:
    rows = result["projects"]
    several = ("python",) if len({row["python"] for row in rows}) > 1 else ()
    table = _records(rows, ("project", "version", *several, "action", "default", "uploaded"))
    notes = [
        f"{row['project']} {row['version']}: its import failed when it was recorded, so it will load more slowly: "
        f"{row['profile_error']}"
        for row in rows
        if row["profile_error"]
    ]
    if all(row["action"] == "would publish" for row in rows):
        said = "Nothing was uploaded: this was a dry run."
    elif any(row["action"] == "would publish" for row in rows):
        said = "Nothing was uploaded: this was a dry run. What is present would stay as it is."
    elif not result["uploaded"]:
        said = "Nothing was uploaded: all of it was there already."
    else:
        said = f"Uploaded {size(result['uploaded'])}."
    return [table, said, *notes, *map(str, result.get("notes", ()))]


def _verify(result: Result) -> list[Block]:
    looked = f"{_count(result['projects'], 'project')}, {_count(result['packs'], 'pack')}, {size(result['bytes'])}"
    if result.get("locks"):
        looked += f", {_count(result['locks'], 'named lock')}"
    damages = result["damages"]
    if not damages:
        return [f"All is sound: {looked}."]
    blocks: list[Block] = [
        f"{_count(len(damages), 'object')} damaged, of {looked}:",
        _records(damages, ("key", "reason")),
    ]
    if any(not damage["key"].startswith("catalog/") for damage in damages):
        blocks.append("Publish what is damaged again, or bring the objects back from a copy of the store.")
    if result.get("repairable"):
        blocks.append("The catalog can be written anew: cloudshelf verify --repair")
    return blocks


def _cache(result: Result) -> list[Block]:
    if "verified" in result:
        damaged = result["damaged"]
        if not damaged:
            return [f"All {_count(result['verified'], 'file')} in {result['cache']} are sound."]
        found = f"{_count(len(damaged), 'file')} of {result['verified']} had been changed; removed, to come anew:"
        return [found, *(f"  {path}" for path in damaged)]
    if "freed" in result:
        kept = result["kept"]
        left = f" {_count(kept, 'environment')} stayed, in use or used lately." if kept else ""
        return [f"Freed {size(result['freed'])}; removed {_count(result['removed'], 'environment')}.{left}"]
    parts = tuple((name, size(count)) for name, count in result["parts"].items())
    return [
        f"{result['cache']}: {size(result['total'])} for {_count(result['environments'], 'environment')}",
        Table(("part", "size"), parts, frozenset({"size"})),
        "Unused environments go with: cache prune. Everything that can come again: cache clear",
    ]


def _log(result: Result) -> list[Block]:
    rows = result.get("entries", ())
    return [_records(rows, ("seq", "time", "by", "action"))] if rows else ["No history."]


def _doctor(result: Result) -> list[Block]:
    rows = result.get("checks", ())
    return [
        Table(("", "check", "found"), tuple(("ok" if r["ok"] else "!!", r["check"], str(r["found"])) for r in rows))
    ]


def _request(result: Result) -> list[Block]:
    name, text = str(result["name"]), str(result["text"])
    if result["present"]:
        versions = ", ".join(result["present"][:6])
        return [f"{name} is on the shelf already, as {versions}. To import it: %shelf use {name}"]
    if result["url"]:
        return ["Ask for it here:", Link(str(result["url"]))]
    lines = [f"  {line}" for line in text.splitlines()]
    return ["The shelf names no place for requests. Send this to one of its curators:", "", *lines]


def _settings(result: Result) -> list[Block]:
    if result["message"]:
        return [str(result["message"])]
    rows = [row | {"value": row["value"] or "(not set)"} for row in result["settings"]]
    return [_records(rows, ("setting", "value", "meaning"))]


def _usage(result: Result) -> list[Block]:
    told, rows = bool(result["sources"]), []
    for row in result["projects"]:
        unused = list(row["unused"]) if told else []
        more = f" and {len(unused) - 3} more" if len(unused) > 3 else ""
        rows.append(row | {"never used": ", ".join(unused[:3]) + more})
    columns = ("project", "size", "versions", "environments", "requests", "received", "last", "never used")
    if not rows:
        return ["The shelf is empty. Begin with: cloudshelf publish pandas"]
    said = f"{_count(len(rows), 'project')}, {size(result['total'])}"
    if told:
        kind = "access log" if result["logs"] else "report"
        said += f"; uses since {result['since']}, of {_count(result['sources'], kind)}"
    return [_records(rows, columns if told else columns[:3]), f"{said}.", *map(str, result["notes"])]


def _export(result: Result) -> list[Block]:
    blocks: list[Block] = []
    if result["projects"]:
        blocks.append(_records(result["projects"], ("project", "version", "default", "yanked")))
    if result["engine"]:
        blocks.append(f"With the engine: cloudshelf and what it needs, {_count(len(result['engine']), 'wheel')}.")
    blocks.append(f"Wrote {result['bundle']}, {size(result['size'])}; sha256 {result['sha256']}")
    if result["engine"]:
        name = shlex.quote(result["bundle"].rpartition("/")[2])
        install = 'python -m pip install --no-index --find-links engine "cloudshelf[publish]"'
        blocks.append(f"To install the engine there: tar -xf {name} engine && {install}")
    if result["projects"]:
        name = shlex.quote(result["bundle"].rpartition("/")[2])
        blocks.append(f"To put it on a shelf there: cloudshelf import {name} --shelf URL")
    return blocks


def _import(result: Result) -> list[Block]:
    rows, blocks = result["projects"], list[Block]()
    if rows:
        blocks.append(_records(rows, ("project", "version", "action", "default", "yanked")))
    new = [row for row in rows if row["action"] != "present"]
    if any(row["action"] == "would import" for row in rows):
        blocks.append("Nothing was uploaded: this was a dry run.")
    elif new:
        blocks.append(f"Imported {_count(len(new), 'version')}; uploaded {size(result['uploaded'])}.")
    elif rows:
        blocks.append("Nothing was uploaded: all of it was there already.")
    else:
        blocks.append("The bundle has no distributions.")
    if result["engine"] and not rows:
        blocks.append("It has the engine, which pip installs; its README.txt says how: tar -xOf BUNDLE README.txt")
    return [*blocks, *map(str, result["notes"])]


def _traceback(result: Result) -> list[Block]:
    return [str(result["traceback"])]


def _completion(result: Result) -> list[Block]:
    return [str(result["script"]).rstrip("\n")]


def _message(result: Result) -> list[Block]:
    return [str(result["message"])] if "message" in result else _fields(result)


def _fields(result: Result) -> list[Block]:
    """Name and value, one a line; lists of records as tables."""
    blocks: list[Block] = []
    width = max((len(name) for name in result), default=0)
    for name, value in result.items():
        if isinstance(value, (list, tuple)) and value and isinstance(value[0], Mapping):
            blocks += [f"{name}:", _records(value, tuple(value[0]))]
        elif name == "requires" and len(value) > 1:  # one a line: a specifier has commas of its own
            blocks += [f"{name if i == 0 else '':<{width}}  {each}" for i, each in enumerate(value)]
        elif value not in (None, "", [], (), {}):
            blocks.append(f"{name:<{width}}  {_cell(name, value)}")
    return blocks or ["Done."]


_PAGES: dict[str, Callable[[Result], list[Block]]] = {
    "use": _pinned,
    "drop": _dropped,
    "sync": _pinned,
    "status": _status,
    "list": _list,
    "freeze": _freeze,
    "profile": _profile,
    "ls": _ls,
    "search": _search,
    "show": _show,
    "why": _why,
    "lock": _lock,
    "diff": _diff,
    "locks": _locks,
    "history": _history,
    "kernelspec": _kernelspec,
    "publish": _publish,
    "log": _log,
    "verify": _verify,
    "cache": _cache,
    "doctor": _doctor,
    "export": _export,
    "import": _import,
    "request": _request,
    "settings": _settings,
    "usage": _usage,
    "enable": _message,
    "disable": _message,
    "completion": _completion,
    "traceback": _traceback,
    "init": _message,
    "connect": _message,
    "browse": _message,
    "default": _message,
    "yank": _message,
    "unyank": _message,
    "rollback": _message,
    "fill": _message,
}
_BYTES = frozenset({"size", "installed", "packed", "eager", "bytes", "parts", "uploaded", "freed", "total", "received"})


def _records(rows: Iterable[Result], columns: Sequence[str]) -> Table:
    """A table of ``columns``; those that are empty in every row are left out."""
    rows = list(rows)
    used = tuple(c for c in columns if any(row.get(c) not in (None, "", False, [], ()) for row in rows)) or tuple(
        columns
    )
    numbers = frozenset(c for c in used if all(isinstance(row.get(c), (int, float)) for row in rows))
    return Table(used, tuple(tuple(_cell(c, row.get(c)) for c in used) for row in rows), numbers)


def _cell(name: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    if name in _BYTES and isinstance(value, (int, float)):
        return size(value)
    if name == "seconds" and isinstance(value, (int, float)):
        return seconds(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_cell(name if name in _BYTES else str(k), v)}".strip() for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value)


def _block_text(block: Block) -> str:
    if isinstance(block, Table):
        return _table_text(block)
    if isinstance(block, Picture):
        return block.text
    return block.url if isinstance(block, Link) else block


def _table_text(table: Table) -> str:
    lines = [table.header, *table.rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(table.header))]
    right = [name in table.numbers for name in table.header]
    return "\n".join(
        "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(line, widths, right, strict=True)).rstrip()
        for line in lines
    )


def _table_html(table: Table) -> str:
    align = ["right" if name in table.numbers else "left" for name in table.header]

    def row(tag: str, cells: tuple[str, ...]) -> str:
        inner = (
            f'<{tag} style="text-align:{a};padding:0 1em 0 0">{html.escape(c)}</{tag}>'
            for c, a in zip(cells, align, strict=True)
        )
        return f"<tr>{''.join(inner)}</tr>"

    head, body = row("th", table.header), "".join(row("td", cells) for cells in table.rows[:MOST])
    more = f"<div>… and {len(table.rows) - MOST} more, which --json shows</div>" if len(table.rows) > MOST else ""
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>{more}"


class Bars:
    """Progress events as tqdm bars, one a stage; ``bar`` is the tqdm class, loaded when the first event comes."""

    def __init__(self, bar: Callable[[], Any], *, delay: float = 0.3) -> None:
        self._load, self._bars = bar, dict[str, Any]()
        self._since = dict[str, float]()  # when each stage was heard of first
        self._ticker = Ticker(self.show, delay=delay)

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Show ``event``, again every second until the next; work that ends within ``delay`` seconds shows nothing."""
        self._since.setdefault(str(event.get("stage", "")), time.time())
        self._ticker(event)

    def show(self, event: Mapping[str, Any]) -> None:
        """Show ``event`` now, and only now."""
        stage, done, total = str(event.get("stage", "")), event.get("done", 0), event.get("total") or None
        for other in [name for name, bar in self._bars.items() if name != stage and bar.total is None]:
            self._bars.pop(other).close()  # nobody knew how long it would be; it is over when another begins
        bar = self._bars.get(stage)
        if bar is None:
            if total is not None and done >= total:
                return
            bar = self._load()(desc=stage, total=total, leave=False, **_bar_format(str(event.get("unit", "")), total))
            bar.start_t = self._since.get(stage, time.time())  # tqdm's: what the time that is shown counts from
            self._bars[stage] = bar
        bar.total, bar.n = total, done
        bar.set_postfix_str(_brief(str(event.get("what") or "")), refresh=False)
        bar.refresh()

    def close(self, *, finished: bool = False) -> None:
        """Take the bars away; tqdm leaves one that is not full in red, as it should when nothing was ``finished``."""
        self._ticker.close()
        for bar in reversed(self._bars.values()):  # the lowest first: a terminal's cursor ends where it began
            if finished and bar.total:
                bar.n = bar.total
            bar.close()
        self._bars.clear()
        self._since.clear()


def _bar_format(unit: str, total: int | None) -> dict[str, Any]:
    """Bytes have a rate; how many projects or files there are in a second tells nobody anything."""
    if unit == "B":
        return {"unit": unit, "unit_scale": True}
    if total is None:
        return {"bar_format": "{desc}: {elapsed}{postfix}"}
    return {"bar_format": f"{{l_bar}}{{bar}}| {{n_fmt}} of {{total_fmt}} {unit} [{{elapsed}}{{postfix}}]"}


def _brief(what: str) -> str:
    """What is worked on, short enough for one line; a digest tells nobody anything."""
    if re.fullmatch(r"[0-9a-f]{32,}(\.\d+)?", what):
        return ""
    return what if len(what) <= BRIEF else f"{what[: BRIEF - 1]}…"
