"""The verbs of the channel: each reads its arguments, has the session work, and answers with JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from traitlets.log import get_logger

from cloudshelf.errors import ShelfError, UsageError
from cloudshelf.render import describe
from cloudshelf.render.blocks import Picture
from cloudshelf.session import Progress, Session

from .. import restart, saving
from .carried import read_block
from .facts import Facts
from .request import Args, Error, Request, told

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kernel:
    """What verbs work with."""

    shell: Any
    session: Session
    facts: Facts


def answer(
    kernel: Kernel, request: Request, progress: Progress, check: Callable[[], None]
) -> tuple[Json, Error | None]:
    """Result and error of a request, whatever happens. ``check`` raises where it was cancelled before it began."""
    try:
        check()
        verb = _VERBS.get(request.verb)
        if verb is None:
            raise UsageError(f"The panel asked for {request.verb[:40]!r}; there is: {', '.join(sorted(_VERBS))}.")
        return verb(kernel, request.args, progress), None
    except ShelfError as error:
        return {}, told(error)
    except Exception as error:  # a panel whose button does nothing would look as if it still worked
        get_logger().exception("The panel's request %s failed", request.verb)
        return {}, told(error)


def _use(kernel: Kernel, args: Args, progress: Progress) -> Json:
    asked, upgrade = args.texts("requirements"), args.flag("upgrade")
    return _changed(kernel.session.use(*asked, upgrade=upgrade, progress=progress))


def _drop(kernel: Kernel, args: Args, progress: Progress) -> Json:
    projects = args.texts("projects")
    if not projects:
        raise UsageError("drop needs a project.")
    return _changed(kernel.session.drop(*projects, progress=progress))


def _plan(kernel: Kernel, args: Args, progress: Progress) -> Json:
    asked, wanted = kernel.session.ask(args.texts("requirements"))
    found = kernel.session.plan(asked, wanted, upgrade=args.flag("upgrade"), progress=progress)
    return _changed(found) | {"problem": found["problem"]}


def _block(kernel: Kernel, args: Args, progress: Progress) -> Json:
    found = kernel.session.complete_lock(progress=progress)
    _, block = saving.make_own_block(kernel.session, str(found["lock"]))
    return {"block": block, "pins": found["pins"], "notes": found["notes"]}


def _restore(kernel: Kernel, args: Args, progress: Progress) -> Json:
    path = args.text("path")
    found = read_block(args.block(), path, force=args.flag("force"))
    if found is None:
        raise UsageError("This notebook carries no lock to restore.")
    return _changed(kernel.session.sync(found.lock, name=path or "this notebook", progress=progress))


def _profile(kernel: Kernel, args: Args, progress: Progress) -> Json:
    found = kernel.session.profile(args.count("last", 10))
    pictures = [each for each in describe("profile", found) if isinstance(each, Picture)]
    return {"note": None} | found | {"svg": pictures[0].svg if pictures else None}


def _wish(kernel: Kernel, args: Args, progress: Progress) -> Json:
    texts = args.texts("requirements")
    if texts:
        asked, wanted = kernel.session.ask(texts)
        requirements = restart.store_wish(kernel.shell, kernel.session, asked, wanted, progress)
        message = f"After a restart of the kernel these will be pinned: {', '.join(requirements)}"
    else:
        restart.forget_wish(kernel.shell)
        requirements, message = [], "After a restart of the kernel nothing will be pinned by itself."
    kernel.facts.wished()
    return {"requirements": requirements, "message": message}


def _history(kernel: Kernel, args: Args, progress: Progress) -> Json:
    return kernel.session.history()


def _diff(kernel: Kernel, args: Args, progress: Progress) -> Json:
    found, pinned = read_block(args.block(), args.text("path")), kernel.session.pinned()
    if found is None or pinned.lock is None:
        raise UsageError("A difference needs two: a lock in this notebook, and something that is pinned here.")
    sides = {
        "before": {"lock": found.lock, "lock_name": "the notebook's lock"},
        "after": {"lock": pinned.lock, "lock_name": "what is pinned here"},
    }
    return kernel.session.call("diff", {**sides, "provided": dict(pinned.provided)}, progress)


def _connect(kernel: Kernel, args: Args, progress: Progress) -> Json:
    found = kernel.session.connect(args.text("url") or None)
    return {"shelf": found["shelf"], "name": found["name"]}


def _changed(found: Json) -> Json:
    """What the front end shows of pins that changed, or would."""
    return {"changes": found.get("changes", []), "pins": found["pins"], "notes": list(found.get("notes", ()))}


_VERBS: dict[str, Callable[[Kernel, Args, Progress], Json]] = {
    "use": _use,
    "drop": _drop,
    "plan": _plan,
    "block": _block,
    "restore": _restore,
    "profile": _profile,
    "wish": _wish,
    "history": _history,
    "diff": _diff,
    "connect": _connect,
}
