"""What ``-r`` and ``-c`` add to a verb's arguments. Where no file was named, nothing is loaded for it."""

from __future__ import annotations

from ..requirements.wanted import Wanted
from .common import Args, Progress, Result, target_of


def read_sources(args: Args, progress: Progress) -> Result:
    """What ``sources`` (of gathering.gather) come to: ``wanted``, which other verbs take, and its ``requirements``."""
    from ..requirements.sources import read_sources as read

    wanted = read(args["sources"], target_of(args))
    return {"requirements": wanted.requirements, "wanted": wanted.to_json()}


def expand(args: Args) -> Args:
    """``args`` with the requirements of its ``sources`` behind its own, and what else those say as ``wanted``."""
    if not args.get("sources"):
        return args
    found = read_sources(args, lambda event: None)
    requirements = [*map(str, args.get("requirements") or ()), *found["requirements"]]
    return {**args, "sources": None, "requirements": requirements, "wanted": found["wanted"]}


def wanted_of(args: Args) -> Wanted:
    """The ``wanted`` of expanded arguments; an empty one where no file was named."""
    return Wanted.from_json(args["wanted"]) if args.get("wanted") else Wanted()
