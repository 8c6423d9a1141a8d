"""A lock as the lines of a requirements.txt, for tools that read nothing newer. Standard library only."""

from __future__ import annotations


def freeze_lock(text: str, *, hashes: bool = False) -> str:
    """``name==version`` of every pin of a lock's text, one a line; with ``hashes`` the sha256 of its wheels too."""
    import tomllib

    lines = []
    for package in tomllib.loads(text).get("packages", []):
        line = f"{package['name']}=={package['version']}"
        if hashes:
            line += "".join(f" \\\n    --hash=sha256:{wheel['hashes']['sha256']}" for wheel in package["wheels"])
        lines.append(f"{line}\n")
    return "".join(lines)
