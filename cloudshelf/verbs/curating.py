"""Verbs that change a shelf: init, publish, default, yank, unyank, rollback."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ..answers import Changed
from ..codecs.names import normalize
from ..config import read_osv
from ..errors import NoShelf, UsageError
from ..shelf import Shelf, check_project, split_pin
from ..shelf_settings import check_setting
from .common import Args, Progress, Result, person, plain, shelf_of, signing_shelf_of, target_of

if TYPE_CHECKING:
    from ..publisher.publish import PublishRequest


def init(args: Args, progress: Progress) -> Result:
    """Create a shelf at ``shelf``. Raises ShelfExists."""
    if not args.get("shelf"):
        raise NoShelf()
    settings = {}
    if args.get("request_url"):
        settings["request_url"] = check_setting("request-url", str(args["request_url"]))
    shelf = Shelf.init(str(args["shelf"]), name=str(args.get("name") or ""), settings=settings, by=person())
    return {"shelf": shelf.url, "message": f"Created the shelf {shelf.url}"}


def publish(args: Args, progress: Progress) -> Result:
    """Put ``requirements`` (also paths of wheels) and ``requirement_files`` on the shelf; see publisher/publish.py.

    For each of ``python`` (versions; default: this one), one after the other; ``notes`` name those that are not here.
    With ``tree`` (a folder) that alone, by its ``name`` and ``version``; see publisher/publish_tree.py.
    """
    missing = [name for name in ("installer", "elftools", "pip") if not _is_there(name)]
    if missing:
        raise UsageError(
            f"Publishing takes more than reading does, and {', '.join(missing)} is not installed here. "
            "Install it with: pip install 'cloudshelf[publish]'"
        )
    shelf = shelf_of(args) if args.get("dry_run") else signing_shelf_of(args)
    shelf.info()
    if args.get("tree"):
        from .shelving import shelve

        return shelve(args, shelf, EventReporter(progress))
    pythons: list[str | None] = [*_texts(args, "python")] or [None]
    found = [_publish_for({**args, "python": python}, shelf, progress) for python in pythons]
    return {
        "projects": [row for result in found for row in result["projects"]],
        "uploaded": sum(result["uploaded"] for result in found),
        "refused": list(dict.fromkeys(reason for result in found for reason in result["refused"])),
        "unknown": next((result["unknown"] for result in found if result["unknown"]), ""),
        **({"exit_code": 1} if any(result["refused"] for result in found) else {}),
        "notes": list(dict.fromkeys(note for result in found for note in result["notes"])),
    }


def _publish_for(args: Args, shelf: Shelf, progress: Progress) -> Result:
    """``publish`` for one ``python`` (None: this one)."""
    from ..publisher.interpreter import find_interpreter
    from ..publisher.publish import publish as put

    with TemporaryDirectory(prefix="cloudshelf-sources-") as folder:
        files, notes = _sources_for_pip(args, Path(folder))
        if not args.get("requirements") and not args.get("requirement_files") and not files:
            raise UsageError("publish needs a requirement, a wheel or -r FILE.")
        interpreter = find_interpreter(args.get("python"), args.get("platform"))
        reporter, signer = EventReporter(progress), shelf.signer
        result = plain(put(_request(args, files), shelf.store, reporter=reporter, signer=signer, pins=shelf.pins))
    if interpreter.executable is None and args.get("platform") is None:
        notes.append(
            f"Python {args.get('python')} was not found here: what is for it has no bytecode and no recorded import, "
            f"so it starts slower. Install that Python, then publish again."
        )
    return result | {"projects": [{**row, "python": interpreter.python} for row in result["projects"]], "notes": notes}


def _request(args: Args, files: Sequence[str]) -> PublishRequest:
    from ..publisher.pip import IndexOptions
    from ..publisher.publish import PublishRequest
    from ..vetting.policy import parse_policy

    return PublishRequest(
        requirements=_texts(args, "requirements"),
        requirement_files=(*_texts(args, "requirement_files"), *files),
        constraint_files=_texts(args, "constraint_files"),
        no_deps=bool(args.get("no_deps")),
        python=args.get("python"),
        platform=args.get("platform"),
        dry_run=bool(args.get("dry_run")),
        default=bool(args.get("default")),
        index=IndexOptions(
            index_url=args.get("index_url"),
            extra_index_urls=_texts(args, "extra_index_url"),
            find_links=_texts(args, "find_links"),
            no_index=bool(args.get("no_index")),
        ),
        allow_modules=_texts(args, "allow_module"),
        allow_public=_texts(args, "allow_public"),
        policy=parse_policy(policy, str(args["policy_name"])) if (policy := args.get("policy")) else None,
        osv=str(args.get("osv") or read_osv()),
        allow_names=tuple(map(normalize, _texts(args, "allow_name"))),
        attestations=_texts(args, "attestation"),
        by=person(),
    )


def _sources_for_pip(args: Args, folder: Path) -> tuple[list[str], list[str]]:
    """The files that pip does not read as one that it does, with the hashes, which it compares; and notes."""
    if not args.get("sources"):
        return [], []
    from ..requirements.gathering import names_of
    from ..requirements.sources import check_python, read_sources

    target = target_of(args)
    wanted = read_sources(args["sources"], target)
    check_python(wanted.pythons, target)
    hashes = {each.requirement: each.sha256 for each in wanted.hashes}
    limits = folder / "constraints.txt"
    limits.write_text("".join(f"{text}\n" for text in wanted.constraints))
    lines = [f"-c {limits.name}"]
    lines += [" ".join([text, *(f"--hash=sha256:{h}" for h in hashes.get(text, ()))]) for text in wanted.requirements]
    path = (
        folder / f"requirements of {', '.join(Path(name).name for name in names_of(args['sources']))}"
    )  # pip's errors name it
    path.write_text("\n".join(lines) + "\n")
    return [str(path)], wanted.notes()


def default(args: Args, progress: Progress) -> Result:
    """What a bare name takes from now on."""
    shelf, (project, version) = signing_shelf_of(args), _pin(args)
    changed = shelf.default(project, version, by=person())
    now = "now" if changed.changed else "already"
    return _told(shelf, changed, f"The default of {project} is {now} {changed.default}.", default=False)


def yank(args: Args, progress: Progress) -> Result:
    """Only who pins the version exactly gets it from now on; ``reason`` is shown to them."""
    shelf, (project, version) = signing_shelf_of(args), _pin(args)
    changed = shelf.yank(project, version, reason=str(args.get("reason") or ""), by=person())
    found = changed.action.split()[-1]
    if not changed.changed:
        return _told(shelf, changed, f"{project} {found} is yanked already, with that reason.")
    return _told(shelf, changed, f"Yanked {project} {found}: only {project}=={found} takes it from now on.")


def unyank(args: Args, progress: Progress) -> Result:
    """Offered again to everybody."""
    shelf, (project, version) = signing_shelf_of(args), _pin(args)
    changed = shelf.unyank(project, version, by=person())
    found = changed.action.split()[-1]
    words = f"{project} {found} is offered again." if changed.changed else f"{project} {found} is not yanked."
    return _told(shelf, changed, words)


def rollback(args: Args, progress: Progress) -> Result:
    """Back to the state before the last change, or to that of sequence ``to``."""
    shelf, to = signing_shelf_of(args), args.get("to")
    changed = shelf.rollback(check_project(str(args["project"])), None if to is None else int(to), by=person())
    state = changed.seq - 2 if to is None else int(to)
    if not changed.changed:
        return _told(shelf, changed, f"{changed.project} is as it was in state {state} already.")
    versions = ", ".join(
        f"{facts.version} (yanked)" if facts.yanked is not None else facts.version
        for facts in shelf.versions(changed.project)
    )
    return _told(shelf, changed, f"{changed.project} is back at state {state}, with {versions or 'no version'}.")


class EventReporter:
    """The publisher's reports as progress events."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._event = progress, dict[str, object]()

    def stage(self, stage: str, what: str, total: int, unit: str) -> None:
        self._event = {"stage": stage, "done": 0, "total": total, "unit": unit, "what": what}
        self._progress(dict(self._event))

    def progress(self, done: int) -> None:
        self._progress(self._event | {"done": done})

    def done(self) -> None:
        self._progress(self._event | {"done": self._event.get("total", 0)})


def _is_there(module: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(module) is not None
    except ValueError:  # somebody put it out of the way
        return False


def _texts(args: Args, name: str) -> tuple[str, ...]:
    return tuple(map(str, args.get(name) or ()))


def _pin(args: Args) -> tuple[str, str]:
    project, version = split_pin(str(args["project"]))
    if version is None:
        raise UsageError(f"Which version? Write it like {project}==1.2.3; see: cloudshelf ls {project}")
    return project, version


def _told(shelf: Shelf, changed: Changed, words: str, *, default: bool = True) -> Result:
    """``words``, then what a bare name takes now, and what a curator should know of it."""
    if default:
        words += f" Its default is {changed.default}." if changed.default else " It has no default."
    lines, facts = [words], shelf.versions(changed.project)
    if any(each.default and each.yanked is not None for each in facts):
        others = [each.version for each in facts if each.yanked is None]
        choose = f" Choose another: cloudshelf default {changed.project}=={others[0]}" if others else ""
        lines.append(f"That default is yanked, so the bare name does not take it.{choose}")
    return plain(changed) | {"message": "\n".join([*lines, *changed.notes])}
