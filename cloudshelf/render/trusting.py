"""Pages of keys, and of who may sign what."""

from __future__ import annotations

from ..quantities import count
from .blocks import Block, Result, records


def key(result: Result) -> list[Block]:
    return [
        f"{result['file']}  the private key: nobody else needs it",
        f"{result['file']}.pub  for the shelf's administrator: cloudshelf trust add-key PROJECT --key FILE.pub",
        f"{result['public']}  the same as text; its id is {result['id'][:12]}",
    ]


def trust(result: Result) -> list[Block]:
    if "signed" in result:
        return _signed(result)
    takes = f"{count(result['threshold'], 'administrator')} of {_administrators(result)} to change it"
    head = f"{result['shelf']}: root document {result['seq']}, until {result['expires']}; it takes {takes}."
    blocks: list[Block] = [head, records(result["keys"], ("role", "names", "key", "owner", "expires"))]
    if result.get("draft"):
        passed_on = f"cloudshelf trust add-signature {result['file']} --sign KEY"
        return [*blocks, f"Nothing was changed on the shelf. {result['file']} is for the others to sign: {passed_on}"]
    if not any(row["role"] != "administrator" for row in result["keys"]):
        blocks.append(
            "Nobody may sign anything yet. Next: cloudshelf key new FILE (each curator), "
            "cloudshelf trust add-key '*' --key FILE.pub --sign ROOTKEY, cloudshelf trust sign --all --sign FILE"
        )
    if result.get("files"):
        blocks.append(f"Keep {', '.join(result['files'])} away from the shelf, and a copy of it in a safe place.")
    if result.get("file"):
        blocks.append(f"A copy is in {result['file']}; its whole path can be pinned, too.")
    pinned = "is what you pinned, or follows it" if result["pinned"] else "was taken as it is: nobody pinned one here"
    blocks.append(f"This document {pinned}. To require signatures: CLOUDSHELF_TRUST={result['fingerprint']}")
    return blocks


def _signed(result: Result) -> list[Block]:
    if not result["signed"]:
        return ["There is nothing on the shelf to sign."]
    rows = [row | {"state": row["state"] or "as it was"} for row in result["signed"]]
    problems = [str(row["problem"]) for row in rows if row["problem"]]
    new = sum(1 for row in result["signed"] if row["state"])
    return [records(rows, ("what", "before", "state")), *problems, f"Signed {count(new, 'head')}."]


def _administrators(result: Result) -> int:
    return sum(1 for row in result["keys"] if row["role"] == "administrator")
