"""A small builder of real wheels, good ones and bad ones."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

TIME = (2024, 5, 6, 7, 8, 10)


def record_row(name: str, content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    return f"{name},sha256={digest},{len(content)}\n"


def entry(name: str, *, mode: int = 0o100644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("placeholder", TIME)
    info.filename = info.orig_filename = name  # ZipInfo would cut it at a NUL
    info.external_attr = mode << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def build_wheel(
    folder: Path,
    name: str = "demo",
    version: str = "1.0",
    files: Mapping[str, bytes] | None = None,
    *,
    requires: Sequence[str] = (),
    tag: str = "py3-none-any",
    metadata_name: str | None = None,
    metadata_version: str | None = None,
    modes: Mapping[str, int] | None = None,
    record: str | None = None,
    extra: Sequence[tuple[zipfile.ZipInfo, bytes]] = (),
    entry_points: str = "",
    more: str = "",
) -> Path:
    """A wheel below ``folder``; ``record`` replaces the right RECORD, ``extra`` entries are written, not recorded.

    ``more`` follows in its METADATA: other fields, and after an empty line the description.
    """
    path = folder / f"{name}-{version}-{tag}.whl"
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {metadata_name or name}\nVersion: {metadata_version or version}\n"
    metadata += "Summary: a demonstration\nLicense: MIT\n" + "".join(f"Requires-Dist: {r}\n" for r in requires) + more
    content = dict(files if files is not None else {f"{name}/__init__.py": b"x = 1\n"})
    content[f"{info}/METADATA"] = metadata.encode()
    content[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n".encode()
    if entry_points:
        content[f"{info}/entry_points.txt"] = entry_points.encode()
    rows = "".join(record_row(file, data) for file, data in content.items()) + f"{info}/RECORD,,\n"
    content[f"{info}/RECORD"] = (rows if record is None else record).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for file, data in content.items():
            archive.writestr(entry(file, mode=(modes or {}).get(file, 0o100644)), data)
        for member, data in extra:
            archive.writestr(member, data)
    return path
