"""What verbs share that come to a lock: requirements and files of them, resolved over a shelf."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..codecs.names import named_project
from ..errors import NoGrant, ProjectMissing, Unsatisfiable
from ..model import Loaded, Lock
from ..requirements.wanted import Wanted
from ..shelf import Shelf
from .common import Args, target_of
from .sources import wanted_of
from .variants import wanted_labels, without_other_builds

if TYPE_CHECKING:
    from ..resolving.resolver import Resolution


def resolve(shelf: Shelf, args: Args, preferred: Lock | None) -> Resolution:
    """``requirements``, as what files want limits them, to the letter of their hashes. Raises PythonUnfit too."""
    wanted = wanted_of(args)
    if not args.get("wanted"):
        return _search(shelf, args, preferred, wanted)
    from ..availability import explain_missing
    from ..requirements.sources import check_python
    from ..resolving.hashes import check_hashes

    target = target_of(args)
    check_python(wanted.pythons, target)
    try:
        resolution = _search(shelf, args, preferred, wanted)
    except (NoGrant, ProjectMissing, Unsatisfiable) as error:
        raise explain_missing(shelf, wanted, error) from None
    now = args.get("asked") or args.get("requirements") or ()  # what this call asks for; there may be earlier ones
    check_hashes(resolution.lock, wanted, {named_project(str(text)) for text in now}, target)
    return resolution


def _search(shelf: Shelf, args: Args, preferred: Lock | None, wanted: Wanted) -> Resolution:
    requirements = [str(r) for r in args.get("requirements") or ()]
    shadowed = set(args.get("shadow") or ())
    loaded = {
        project: Loaded(
            version=str(facts["version"]),
            by=str(facts.get("by", "this notebook")),
            installed=bool(facts.get("installed", True)),
            requires=tuple(map(str, facts.get("requires", ()))),
            imported=bool(facts.get("imported", True)),
        )
        for project, facts in (args.get("loaded") or {}).items()
        if facts.get("imported", True) or project not in shadowed
    }
    dropping = set(args.get("dropping") or ())
    if preferred is not None and dropping:
        preferred = preferred._replace(pins=tuple(p for p in preferred.pins if p.project not in dropping))
    preferred = without_other_builds(preferred, wanted_labels(args))
    admitted = None
    if wanted.hashes:
        from ..resolving.hashes import admitted_wheels

        admitted = admitted_wheels(wanted.hashes)
    try:
        return shelf.lock(
            requirements,
            target=target_of(args),
            loaded=loaded,
            preferred=preferred,
            constraints=[*map(str, args.get("constraints") or ()), *wanted.constraints],
            admitted=admitted,
            variant="".join(wanted_labels(args)),
        )
    except Unsatisfiable as error:
        if not args.get("as_of"):
            raise
        raise Unsatisfiable(f"{error}\n  This is the shelf as it was at {args['as_of']}.") from None
