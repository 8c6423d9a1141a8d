"""Verbs that carry a selection of a shelf where no network leads: export, import."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from ..bundle.export import shelf_content, write_bundle
from ..bundle.selection import carry, find_objects
from ..bundle.signed import check_signed_bundle, find_signed
from ..codecs.bundle import Bundle, Carried, Member
from ..codecs.lock import parse_lock
from ..codecs.names import sha256
from ..config import read_osv
from ..errors import UsageError
from ..model import Lock, Pin
from ..quantities import size
from ..shelf import Shelf
from .common import Args, Progress, Result, person, pins_of, plain, shelf_of, signing_shelf_of, target_of


def export(args: Args, progress: Progress) -> Result:
    """Write ``requirements`` with what they need, the pins of ``lock`` (text), or ``all`` there is, to ``bundle``.

    A lock without ``lock_name`` is that of the notebook that asks, and taken when nothing else is.

    With ``engine`` also cloudshelf itself, for ``python`` and ``platform``. Releases are carried whole: every wheel and
    every interpreter that the shelf has of them.
    """
    if (args.get("requirements") or args.get("all")) and not args.get("lock_name"):
        args = {**args, "lock": None}
    asked = [name for name in ("requirements", "lock", "all") if args.get(name)]
    if len(asked) > 1:
        raise UsageError("export takes requirements, a lock or --all, one of them.")
    if not asked and not args.get("engine"):
        raise UsageError("What to export? Requirements, --lock FILE, --all, or --engine for cloudshelf itself.")
    path = Path(str(args["bundle"]))
    if path.suffix != ".tar":  # most likely a requirement, and the name of the bundle was forgotten
        raise UsageError(f"The bundle comes first, and its name ends in .tar: cloudshelf export {path.name}.tar …")
    shelf = shelf_of(args) if asked else None
    chosen = _choose(shelf, args, progress) if shelf else []
    objects = _objects(shelf, chosen, progress) if shelf else []
    signed = find_signed(shelf.repository.parts[0], chosen) if shelf and len(shelf.stores) == 1 else {}
    objects += [Member(key, len(data), sha256(data)) for key, data in signed.items()]
    with tempfile.TemporaryDirectory(prefix="cloudshelf-export-") as folder:
        wheels = Path(folder)
        engine = _engine(wheels, args, progress) if args.get("engine") else []
        bundle = Bundle(
            shelf=", ".join(info.name for info in shelf.infos()) if shelf else "",
            requirements=tuple(sorted(map(str, args.get("requirements") or ()))),
            projects=tuple(chosen),
            members=(*engine, *objects),
            blocks=tuple(dict.fromkeys(each.block for each in shelf.blocks())) if shelf else (),
        )
        total = bundle.size

        def told(done: int, what: str) -> None:
            progress({"stage": "export", "done": done, "total": total, "unit": "B", "what": what})

        stores = {each.project: shelf.holding(each.project) for each in chosen} if shelf else {}
        content = shelf_content(stores, wheels, signed)
        written = write_bundle(path, bundle, content, told)
    return plain(written) | {
        "bundle": str(path),
        "shelf": shelf.url if shelf else None,
        "projects": [
            {"project": each.project, "version": version, "default": version == each.default, "yanked": entry.yanked}
            for each in chosen
            for version, entry in each.versions.items()
        ],
        "engine": [member.name.removeprefix("engine/") for member in engine],
    }


def import_(args: Args, progress: Progress) -> Result:
    """Put what ``bundle`` carries on the shelf; with ``dry_run`` say what that would be. See bundle/load.py."""
    from ..bundle.file import BundleFile
    from ..bundle.load import load_bundle

    def told(stage: str, done: int, total: int, what: str) -> None:
        unit = "projects" if stage == "commit" else "B"
        progress({"stage": stage, "done": done, "total": total, "unit": unit, "what": what})

    with BundleFile(Path(str(args["bundle"]))) as file:
        index = file.index
        engine = [member.name.removeprefix("engine/") for member in index.engine]
        result: Result = {"bundle": str(file.path), "from": index.shelf, "engine": engine}
        if not index.projects:
            return result | {"shelf": None, "projects": [], "uploaded": 0, "notes": []}
        if args.get("signed_by"):
            pins = pins_of({"trust": args["signed_by"]})
            if pins is None:
                raise UsageError("--signed-by takes a fingerprint, which cloudshelf trust show prints outside.")
            check_signed_bundle(file, pins)
        dry_run = bool(args.get("dry_run"))
        shelf = shelf_of(args) if dry_run else signing_shelf_of(args)
        report = load_bundle(
            file,
            shelf.store,
            by=person(),
            dry_run=dry_run,
            progress=told,
            osv=read_osv(),
            signer=shelf.signer,
            pins=shelf.pins,
        )
    return result | {
        "shelf": shelf.url,
        "projects": [plain(row) for row in report.versions],
        "uploaded": report.uploaded,
        "notes": report.notes,
    }


def _choose(shelf: Shelf, args: Args, progress: Progress) -> list[Carried]:
    """What is asked for, by project."""
    shelf.info()
    repository = shelf.repository
    progress({"stage": "resolving", "done": 0, "total": 0, "unit": "projects", "what": ""})
    if args.get("all"):
        keys = [stored.key for store in shelf.stores for stored in store.list("projects/")]
        names = sorted({key.split("/")[1] for key in keys if key.endswith("/head")})
        repository.prefetch(names)
        return [carry(repository.holder(name), name, repository.versions(name)) for name in names]
    if args.get("lock"):
        pins = _locked_pins(shelf, args)
    else:
        requirements = [str(each) for each in args["requirements"]]
        pins = list(shelf.lock(requirements, target=target_of(args)).lock.pins)
    versions: dict[str, list[str]] = {}
    for pin in pins:
        if pin.version not in versions.setdefault(pin.project, []):
            versions[pin.project].append(pin.version)
    repository.prefetch(versions)
    return [carry(repository.holder(name), name, versions[name]) for name in sorted(versions)]


def _locked_pins(shelf: Shelf, args: Args) -> list[Pin]:
    """The pins of ``lock``: of every variant in it, because the machines inside may differ."""
    text, name, target = str(args["lock"]), str(args.get("lock_name") or "The lock"), target_of(args)
    labels: list[str] = []

    def first(found: Sequence[str]) -> str:
        labels[:] = found
        return found[0]

    def read(choose: Callable[[Sequence[str]], str]) -> Lock:
        lock = parse_lock(text, name, environment=target.environment, tags=target.tags, choose=choose)
        return lock if lock.shelf else shelf.repin(lock, target)

    locks = [read(first)]
    locks += [read(partial(_take, label)) for label in labels[1:]]
    return [pin for lock in locks for pin in lock.pins]


def _take(label: str, _labels: Sequence[str]) -> str:
    """``choose`` of ``parse_lock``: this one."""
    return label


def _objects(shelf: Shelf, chosen: Sequence[Carried], progress: Progress) -> list[Member]:
    rows = []
    for number, each in enumerate(chosen):
        event = {"stage": "selecting", "done": number, "total": len(chosen), "unit": "projects", "what": each.project}
        progress(event)
        rows += find_objects(shelf.holding(each.project), each)
    return rows


def _engine(folder: Path, args: Args, progress: Progress) -> list[Member]:
    if find_spec("pip") is None or find_spec("elftools") is None:
        raise UsageError(
            "--engine asks pip for the wheels. Install what it takes with: pip install 'cloudshelf[publish]'"
        )
    from ..bundle.engine import collect_engine

    progress({"stage": "downloading the engine", "done": 0, "total": 0, "unit": "B", "what": ""})
    members = collect_engine(folder, python=args.get("python"), platform=args.get("platform"))
    done = sum(member.size for member in members)
    event = {"stage": "downloading the engine", "done": done, "total": done, "unit": "B", "what": size(done)}
    progress(event)
    return members
