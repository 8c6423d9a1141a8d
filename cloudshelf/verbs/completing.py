"""Verbs that answer a Tab: names on the shelf. Nothing of a distribution is brought for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from ..cache.remembered import remember
from ..config import read_config
from ..model import Manifest
from ..shelf import Shelf
from .common import Args, Progress, Result, shelf_of

FRESH = 20.0  # seconds for which names are remembered: kernels that start together read the catalog once

_remembered: dict[str, tuple[float, Result]] = {}


def names(args: Args, progress: Progress) -> Result:
    """``projects`` and ``modules``, those at the top and parts of namespaces, as the catalog has them."""
    return read_names(shelf_of(args))


def read_names(shelf: Shelf, pause: Callable[[], object] = lambda: None) -> Result:
    """See ``names``; ``pause`` as in ``Repository.listing``."""
    when, answer = _remembered.get(shelf.url, (-FRESH, {}))
    if time.monotonic() - when >= FRESH:
        facts = shelf.projects(pause)
        modules = sorted({module for each in facts for module in each.modules})
        answer = {"projects": [each.project for each in facts], "modules": modules}
        remember(read_config().cache, shelf.url, answer["projects"])  # for Tab in a shell
        _remembered[shelf.url] = (time.monotonic(), answer)
    return answer


def submodules(args: Args, progress: Progress) -> Result:
    """``submodules``: what can be imported below ``module``, of the version that an import of it would pin.

    Empty for a module of nobody, and for one whose project has no wheel for this interpreter.
    """
    from ..resolving.fitting import pick_tree, pick_wheel
    from ..target import current_target

    shelf, module = shelf_of(args), str(args["module"])
    project = shelf.repository.project_of(module)
    head = shelf.repository.head(project) if project else None
    if project is None or head is None or head.default is None:
        return {"submodules": []}
    target = current_target()
    wheel = pick_wheel(shelf.repository.release(project, head.default), target)
    if wheel is None:
        return {"submodules": []}
    manifest = shelf.repository.manifest(project, pick_tree(wheel, target).manifest)
    return {"submodules": sorted(set(_below(module, manifest)))}


def _below(module: str, manifest: Manifest) -> Iterable[str]:
    """The first name below ``module`` of every module's file."""
    folder = f"site/{module.replace('.', '/')}/"
    for file in manifest.files:
        if file.path.startswith(folder) and file.path.endswith((".py", ".so")):
            name = file.path.removeprefix(folder).partition("/")[0].partition(".")[0]
            if name.isidentifier() and name != "__init__":
                yield name
