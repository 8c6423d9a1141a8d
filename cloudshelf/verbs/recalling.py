"""Verbs of recall: block, unblock, blocks; and what a start of an environment asks for."""

from __future__ import annotations

from collections.abc import Sequence

from ..codecs.recall import Block
from ..config import read_config
from ..errors import ProjectMissing
from ..recall.machine import Renewal
from ..recall.matching import Part, is_meant
from ..shelf import Shelf
from .common import Args, Progress, Result, person, shelf_of, signing_shelf_of


def block(args: Args, progress: Progress) -> Result:
    """Nobody may use ``targets`` from now on: ``reason`` is for whoever is refused, ``use`` what to take instead."""
    from ..recall.blocking import block as change
    from ..recall.blocking import parse_target

    shelf, targets = signing_shelf_of(args), [str(each) for each in args["targets"]]
    wanted = [parse_target(each) for each in targets]
    reason, use = str(args["reason"]), str(args.get("use") or "")
    found = change(shelf.store, targets, reason=reason, use=use, by=person(), signer=shelf.signer)
    blocks = [each for each in found.blocks if each.what in wanted]
    shelf_of(args).blocks()  # this machine knows at once
    age = "within an hour, or what recall_age says"
    lines = [f"Blocked: {', '.join(each.text for each in blocks)}.", *_here(shelf, blocks)]
    lines.append(f"Refused by use, sync, run and fill at once, and {age}, wherever an environment starts.")
    return {
        "shelf": shelf.url,
        "seq": found.seq,
        "blocks": [each._asdict() for each in blocks],
        "message": "\n".join(lines),
    }


def unblock(args: Args, progress: Progress) -> Result:
    """``targets`` may be used again. Raises NotBlocked."""
    from ..recall.blocking import unblock as change

    shelf, targets = signing_shelf_of(args), [str(each) for each in args["targets"]]
    found = change(shelf.store, targets, by=person(), signer=shelf.signer)
    shelf_of(args).blocks()  # this machine knows at once
    message = f"Unblocked: {', '.join(targets)}. Whoever is refused it asks again, so that it holds at once."
    return {"shelf": shelf.url, "seq": found.seq, "message": message}


def blocks(args: Args, progress: Progress) -> Result:
    """What is blocked on each shelf, asked just now."""
    shelf = shelf_of(args)
    listed = [each._asdict() | {"what": each.text, "shelf": place} for each, place in shelf.blocks()]
    return {"shelf": shelf.url, "blocks": listed}


def renew_blocks(args: Args, progress: Progress) -> Result:
    """For a start of an environment: have the file about ``shelf`` renewed if it is too old, or ``force``.

    Whatever the shelf does, there is an answer soon; the file says what came of it.
    """
    shelf = shelf_of(args)
    renewals = [
        Renewal(read_config().cache, repository, force=bool(args.get("force"))) for repository in shelf.repository.parts
    ]
    return {"causes": [renewal.result().cause for renewal in renewals]}


def _here(shelf: Shelf, blocks: Sequence[Block]) -> list[str]:
    """What the shelf has of it: a name with a typing error blocks nothing."""
    lines = []
    for each in blocks:
        if each.sha256:
            continue
        try:
            known = shelf.repository.versions(each.project)
        except ProjectMissing as error:
            near = f" Did you mean {', '.join(error.suggestions)}?" if error.suggestions else ""
            lines.append(f"There is no {each.project} on this shelf.{near}")
            continue
        meant = [version for version in known if is_meant(each, Part(each.project, version, ""))]
        lines.append(
            f"{each.text} is {', '.join(meant)} of what is on this shelf."
            if meant
            else f"Nothing on this shelf is {each.text}; it is blocked all the same."
        )
    return lines
