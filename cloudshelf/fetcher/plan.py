"""What is brought when an import begins or needs something, and in which order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any

from ..model import Kind
from .environments import Environment

_CODE = (Kind.SOURCE, Kind.BYTECODE, Kind.EXTENSION)
LATER_SHARE = 3  # what functions import may be this part of what the import itself brings
LEAST_READ_AHEAD, MOST_READ_AHEAD = 256 << 10, 4 << 20  # bytes of packs


def plan_begin(environment: Environment, project: int, module: str = "") -> list[list[int]]:
    """File numbers in stages: what comes first, what the projects bring that it uses, its own, and what ``module`` of
    it needs besides.

    Of a project with several top-level modules it is what the recorded import of the one opened that ``module`` is
    or is below; of all of them when that is not known.

    A package begins with its own first files, then pulls in the projects that it uses; so those come after the first
    frame of its own, and before the bulk of it. Of each project it is what the recorded import opened, in its order,
    then data and libraries: they stand side by side in its packs. Of the projects that it uses, it is also what they
    did not open when they were recorded, but this one does.
    """
    return _plan(environment, [(project, module)])


def plan_expected(environment: Environment, modules: Iterable[str]) -> list[list[int]]:
    """As ``plan_begin``, of imports that will follow one another: what modules of one project share is in it once."""
    owners = ((environment.owner_of(module), module) for module in modules)
    return _plan(environment, [(project, module) for project, module in owners if project is not None])


def _plan(environment: Environment, imports: Iterable[tuple[int, str]]) -> list[list[int]]:
    stages: list[list[int]] = []
    begun: set[tuple[int, str]] = set()
    for project, module in imports:
        top = _top_level(environment.projects[project], module)
        if (project, top) not in begun:
            begun.add((project, top))
            stages += _plan_top_level(environment, project, top)
        if module:
            stages.append(_plan_imports(environment, [module], environment.expanded))
    return [_with_needs(environment, stage) for stage in stages if stage]


def _plan_top_level(environment: Environment, project: int, top: str) -> list[list[int]]:
    """Of one of a project's recorded imports; of all when ``top`` is ""."""
    own = environment.projects[project]
    recorded = own["recorded"][top] if top else own
    used = [environment.projects[number] for number in recorded["uses"]]
    pulls = [(name.partition(".")[0], name) for name in recorded["pulls"]]
    pulled = _files_of(environment, recorded["pulls"], environment.expanded)
    first = _first_frame(environment, recorded["profile"]) if used else []
    environment.expanded.update([top] if top else own["modules"])
    return [
        [*first, *own["wait"]] if used else [],
        [n for each in used for n in _eager(each, *_candidates(each, pulls))] + pulled,
        _eager(own, top),
    ]


def imported(environment: Environment, numbers: Iterable[int]) -> list[int]:
    """Those of ``numbers`` that an import asks for: a source together with its bytecode.

    One that is asked for alone is looked at. Libraries ask with ``find_spec`` whether others are there (music21 for
    matplotlib, transformers for torch), and import none of them.
    """
    numbers = [number for number in numbers if 0 <= number < len(environment)]
    return [number for number in numbers if not _is_looked_at(environment, number, numbers)]


def _is_looked_at(environment: Environment, number: int, numbers: Collection[int]) -> bool:
    if not environment.paths[number].endswith(".py"):
        return False
    compiled = [n for n in environment.files_of(environment.module_of(number)) if n != number]
    return bool(compiled) and not any(n in numbers or environment.presence[n] for n in compiled)


def plan_need(environment: Environment, numbers: Iterable[int]) -> list[int]:
    """What else will be needed, when ``numbers`` are: all that the modules among them import, and what those import.

    A project's top-level module brings what its recorded import opened. Each module is followed once; a failure
    forgets that, so that the next import tries again.
    """
    modules = [name for number in numbers if (name := environment.module_of(number))]
    return _with_needs(environment, _plan_imports(environment, modules, environment.expanded))


def plan_late(environment: Environment, numbers: Iterable[int]) -> list[int]:
    """As ``plan_need``; where one of the modules is in no recorded import, what the functions of all these import, too.

    A program that imports in its midst calls what it imported: what that imports is the next that it waits for. But
    not what came only so brings more of the kind: that would depend on whether it came before it was imported.
    """
    numbers = list(numbers)
    follows = plan_need(environment, numbers)
    if follows and any(_is_unforeseen(environment, number) for number in numbers):
        later = plan_later(environment, [*numbers, *follows])
        environment.foreseen.update(later)
        follows += later
    return follows


def _is_unforeseen(environment: Environment, number: int) -> bool:
    """Whether a file is a module's that the recorded import of its top-level module did not open, although there is
    one, and that no function was expected to import."""
    if number in environment.foreseen:
        return False
    project = environment.projects[environment.owning(number)]
    top = _top_level(project, environment.module_of(number))
    profile = (project["recorded"][top] if top else project)["profile"]
    return environment.kinds[number] in _CODE and bool(profile) and number not in profile


def plan_later(environment: Environment, numbers: Iterable[int]) -> list[int]:
    """What the functions of the modules among ``numbers`` import, and what those modules import when their bodies run.

    Not what their functions import in turn, and at most a third of the bytes that come for ``numbers``: a function of
    pandas imports all of matplotlib, and few programs call it. What is too large is left out, what is small is not.
    Nothing is marked as planned: an import that needs one of these modules after all shall ask for all that follows,
    and more urgently.
    """
    numbers = list(numbers)
    frames = _frames_of(environment, numbers)
    left = _packed(environment, frames) // LATER_SHARE
    expanded = set(environment.expanded)
    found: dict[int, None] = {}
    for name in dict.fromkeys(name for number in numbers for name in environment.later.get(number, ())):
        if name in expanded:
            continue
        with_it = set(expanded)
        files = _with_needs(environment, _plan_imports(environment, [name], with_it))
        fresh = _frames_of(environment, (n for n in files if not environment.presence[n])) - frames
        size = _packed(environment, fresh)
        if size <= left:
            left -= size
            expanded = with_it
            frames |= fresh
            found.update(dict.fromkeys(files))
    return list(found)


def plan_ahead(environment: Environment, numbers: Iterable[int], follows: Iterable[int]) -> list[int]:
    """Code that lies beside ``numbers``, files of one project that an import waits for and that nothing foresaw.

    Some programs import by names that no code object shows: plotly.express asked 69 times for packs, mostly for the few
    files of a frame. So as many bytes come beside as came so for the project, those beside included: about twice as
    many each time, as a kernel reads ahead (Linux, mm/readahead.c). A folder lies together in a pack.
    """
    unforeseen = [number for number in numbers if environment.kinds[number] in _CODE]
    if not unforeseen:
        return []
    project = environment.owning(unforeseen[0])
    own = (n for n in follows if environment.owning(n) == project and not environment.presence[n])
    wanted = _frames_of(environment, [*unforeseen, *own])
    size = environment.unforeseen.get(project, 0) + _packed(environment, wanted)
    beside = _beside(environment, wanted, max(LEAST_READ_AHEAD, min(size, MOST_READ_AHEAD)))
    environment.unforeseen[project] = size + _packed(environment, _frames_of(environment, beside))
    return beside


def _beside(environment: Environment, wanted: Collection[int], most: int) -> list[int]:
    """Code that is not in place, in other frames behind the first of ``wanted`` in its pack, and then before it.

    What lies between counts too: it comes again, or costs a request.
    """
    pack, start, length = environment.frame_pack, environment.frame_offset, environment.frame_length
    first = min(wanted)
    found: list[int] = []
    for frames in (range(first + 1, len(pack)), range(first - 1, -1, -1)):
        edge = first
        for frame in takewhile(lambda frame: pack[frame] == pack[first], frames):
            if frame not in wanted:
                files = [n for n in environment.touching(frame) if _may_come_ahead(environment, n)]
                if not files:
                    continue
                near, far = sorted((edge, frame))
                most -= start[far] - start[near] - length[near] + length[frame]
                if most < 0:
                    return found
                found += files
            edge = frame
    return found


def _may_come_ahead(environment: Environment, number: int) -> bool:
    is_code = environment.kinds[number] in _CODE
    return is_code and not environment.presence[number] and len(environment.pieces(number)) == 1


def _packed(environment: Environment, frames: Iterable[int]) -> int:
    return sum(environment.frame_length[frame] for frame in frames)


def _frames_of(environment: Environment, numbers: Iterable[int]) -> set[int]:
    return {piece.frame for number in numbers for piece in environment.pieces(number)}


def _plan_imports(environment: Environment, modules: Sequence[str], expanded: set[str]) -> list[int]:
    """Files of ``modules`` and of all that they import, but for what is in ``expanded``; adds to that."""
    found: dict[int, None] = {}
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module in expanded:
            continue
        expanded.add(module)
        parent = module.rpartition(".")[0]
        if parent:
            waiting.append(parent)
        if module in environment.owner and environment.projects[environment.owner[module]]["profile"]:
            project = environment.projects[environment.owner[module]]
            pulls = (project.get("recorded", {}).get(module) or project)["pulls"]
            found.update(dict.fromkeys(_eager(project, module)))
            found.update(dict.fromkeys(_files_of(environment, pulls, expanded)))
            continue
        files = environment.files_of(module)
        found.update(dict.fromkeys(files))
        waiting.extend(reversed(environment.imports.get(files[0], ()) if files else ()))
    return list(found)


def _files_of(environment: Environment, modules: Iterable[str], expanded: set[str]) -> list[int]:
    """What a recorded import took of other projects; nothing more of these has to be followed."""
    found: list[int] = []
    for module in modules:
        files = environment.files_of(module)
        found += files
        if files:
            expanded.add(module)
    return found


def _eager(project: Mapping[str, Any], *modules: str) -> list[int]:
    """What an import of those of ``modules`` needs that are of this project; of all of its modules when none is."""
    tops = dict.fromkeys(top for module in modules if (top := _top_level(project, module)))
    known = [number for top in tops for number in project["recorded"][top]["profile"]]
    known = known or project["profile"] or [*range(project["start"], project["eager"])]
    return [*known, *project["wait"], *project["data"]]


def _candidates(project: Mapping[str, Any], modules: Iterable[tuple[str, str]]) -> list[str]:
    """Those of ``modules``, each with its first name, that can be of ``project``: spacy pulls 616, of 32 projects."""
    names = {top.partition(".")[0] for top in project.get("recorded", {})}
    return [module for first, module in modules if first in names]


def _top_level(project: Mapping[str, Any], module: str) -> str:
    """The top-level module that ``module`` is or is below, if the project has several and its import was recorded."""
    recorded = project.get("recorded", {})  # an earlier cloudshelf built without
    while module and not recorded.get(module, {}).get("profile"):
        module = module.rpartition(".")[0]
    return module


def plan_background(environment: Environment, project: int) -> list[int]:
    """Everything else of a project and of what it depends on, idle files last.

    Idle files too: an environment that has all its files needs nothing of ours, neither hooks nor a fetcher, and gives
    to a compiler or an editor what an installed one would (docs/notes/2026-11-looking-by-path.md). A project is
    followed once; a failure forgets that, so that the next import tries again.
    """
    follow = [n for n in (project, *environment.projects[project].get("depends", ())) if n not in environment.followed]
    environment.followed.update(follow)
    numbers = [n for p in follow for n in range(environment.projects[p]["start"], environment.projects[p]["stop"])]
    return sorted(numbers, key=environment.is_idle)


def plan_fill(
    environment: Environment, *, everything: bool = True, projects: Collection[str] | None = None
) -> list[int]:
    """All files, or all that are not idle, project by project; of ``projects`` only, where they are given."""
    parts = [range(p["start"], p["stop"]) for p in environment.projects if projects is None or p["name"] in projects]
    return [n for part in parts for n in part if everything or not environment.is_idle(n)]


def _first_frame(environment: Environment, numbers: list[int]) -> list[int]:
    frames: Any = environment.first_frame
    first = next((frames[n] for n in numbers if frames[n] >= 0), -1)
    return [n for n in numbers if frames[n] == first] if first >= 0 else []


def _with_needs(environment: Environment, numbers: Iterable[int]) -> list[int]:
    """Each native file comes after the libraries that the loader will ask for."""

    def expanded() -> Iterator[int]:
        for number in numbers:
            yield from environment.needs.get(number, ())
            yield number

    return list(dict.fromkeys(expanded()))
