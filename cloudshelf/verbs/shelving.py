"""``publish --tree``: a folder as it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..codecs.names import normalize
from ..errors import UsageError
from ..shelf import Shelf
from .common import Args, Result, person, plain

if TYPE_CHECKING:
    from ..publisher.reporting import Reporter


def shelve(args: Args, shelf: Shelf, reporter: Reporter) -> Result:
    """Put the folder ``tree`` on the shelf as ``version`` of ``name``. Raises as publisher/publish_tree.py."""
    from ..publisher.publish_tree import TreeRequest, publish_tree
    from ..vetting.policy import parse_policy

    request = TreeRequest(
        folder=Path(str(args["tree"])),
        name=str(args["name"]),
        version=str(args["version"]),
        bins=tuple(map(str, args.get("bin") or ())),
        env=dict(map(_variable, args.get("env") or ())),
        platform=args.get("platform"),
        summary=str(args.get("summary") or ""),
        license=str(args.get("license") or ""),
        dry_run=bool(args.get("dry_run")),
        default=bool(args.get("default")),
        allow_names=tuple(map(normalize, args.get("allow_name") or ())),
        policy=parse_policy(policy, str(args["policy_name"])) if (policy := args.get("policy")) else None,
        by=person(),
    )
    result = plain(publish_tree(request, shelf.store, reporter=reporter, signer=shelf.signer, pins=shelf.pins))
    refused = {"exit_code": 1} if result["refused"] else {}
    return result | {"projects": [{**row, "python": ""} for row in result["projects"]], "notes": [], **refused}


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--env takes KEY=VALUE, not {text!r}.")
    return name, value
