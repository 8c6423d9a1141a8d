"""Verbs that load the extension in every kernel, and no more: enable, disable."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from ..errors import UsageError
from ..ipython_config import disabled_text, enabled_text
from .common import Args, Progress, Result

SYSTEM = Path("/etc/ipython")
NAME = "ipython_config.py"


def enable(args: Args, progress: Progress) -> Result:
    """Load the extension in every kernel of ``place``; ``zero_step`` ("on", "off") and ``shelf`` set its traits.

    So does a lock: ``named`` (on the shelf) or ``lock_file`` (absolute).
    """
    zero_step = {"on": True, "off": False, None: None}[args.get("zero_step")]
    file = config_file(str(args.get("place") or "user"))
    lock = args.get("named") or args.get("lock_file")
    before = _read(file)
    after = _told(file, lambda: enabled_text(before, zero_step=zero_step, shelf=args.get("shelf"), lock=lock))
    if after != before:
        _write(file, after)
    said = "Every new kernel loads cloudshelf" if after != before else "Every new kernel loads cloudshelf already"
    traits = [f"zero-step import {args['zero_step']}"] if args.get("zero_step") else []
    traits += [f"the shelf {args['shelf']}"] if args.get("shelf") else []
    traits += [f"the lock {lock}"] if lock else []
    with_ = f", with {' and '.join(traits)}" if traits else ""
    return {"file": str(file), "changed": after != before, "message": f"{said}{with_}: {file}"}


def disable(args: Args, progress: Progress) -> Result:
    """Take back what ``enable`` wrote; a file that has nothing else goes, too."""
    file = config_file(str(args.get("place") or "user"))
    before = _read(file)
    after = _told(file, lambda: disabled_text(before))
    if after == before or not before:
        return {"file": str(file), "changed": False, "message": f"{file} loads no cloudshelf."}
    if after.strip():
        _write(file, after)
    else:
        _guarded(file, file.unlink)
    return {"file": str(file), "changed": True, "message": f"New kernels do not load cloudshelf any more: {file}"}


def config_file(place: str) -> Path:
    """The file that IPython reads for this user, for this Python, or for all of the machine."""
    if place == "system":
        return SYSTEM / NAME
    if place == "sys-prefix":
        return Path(sys.prefix, "etc", "ipython", NAME)
    from IPython.paths import get_ipython_dir

    return Path(get_ipython_dir(), "profile_default", NAME)


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is not text'}.") from None


def _told(file: Path, change: Callable[[], str]) -> str:
    try:
        return change()
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from None


def _write(file: Path, text: str) -> None:
    """Whole or not at all; a link keeps leading to its file, which keeps its mode."""
    file = file.resolve()

    def put() -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_name(f".{file.name}.cloudshelf")
        try:
            temporary.write_text(text, "utf-8")
            if file.exists():
                shutil.copymode(file, temporary)
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)

    _guarded(file, put)


def _guarded(file: Path, change: Callable[[], object]) -> None:
    try:
        change()
    except OSError as error:
        raise UsageError(
            f"{file} cannot be written: {error.strerror}. An administrator may; for yourself alone: --user"
        ) from None
