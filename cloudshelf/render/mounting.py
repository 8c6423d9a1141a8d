"""The page of what was mounted."""

from __future__ import annotations

from ..quantities import count
from .blocks import Block, Result, Table


def mount(result: Result) -> list[Block]:
    directory, pins = result["directory"], result["pins"]
    rows = [(f"{directory}/projects", "every version that you may read")]
    if result["environment"]:
        named = ", ".join(f"{pin['project']} {pin['version']}" for pin in pins if pin["asked"])
        rows.insert(0, (f"{directory}/env", f"{named or 'a lock'} ({count(len(pins), 'pin')})"))
    blocks: list[Block] = [*result["notes"], Table(("folder", "what is in it"), tuple(rows))]
    if "pid" in result:
        blocks.append(f"Mounted. What a program could not read is explained in {result['log']}")
        blocks.append(f"To take it away: cloudshelf umount {directory}")
    return blocks
