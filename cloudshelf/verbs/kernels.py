"""The verb kernelspec: Jupyter kernels that start with a lock.

The kernel is this interpreter, with the lock's distributions before its own: so ipykernel is the lock's if it has one,
else this interpreter's, and ``%shelf`` is always there. ``cloudshelf run`` starts it, and builds and fills the
environment on whatever machine that is.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..codecs.lock import format_lock, parse_lock
from ..errors import ShelfError, UsageError
from ..quantities import count
from .common import Args, Progress, Result
from .restoring import sync

if TYPE_CHECKING:
    from jupyter_client.kernelspec import KernelSpecManager

LOCK = "pylock.toml"  # beside kernel.json
_NAME = re.compile(r"[A-Za-z0-9._-]+")  # jupyter_client's rule
_CHECK = "import ipykernel, ipykernel.kernelapp as app, cloudshelf_jupyter; print(ipykernel.__version__, app.__file__)"


def kernelspec(args: Args, progress: Progress) -> Result:
    """``action`` "create" (``name``, ``lock``, ``display_name``), "remove" (``name``) or "list".

    ``prefix`` is where, empty for the user's own folder. Raises UsageError, and every error of a sync.
    """
    action = str(args.get("action") or "list")
    if action == "create":
        return _create(args, progress)
    ours = _ours(_manager(str(args.get("prefix") or "")))
    if action == "list":
        return {"kernels": [_row(name, folder) for name, folder in sorted(ours.items())]}
    return _remove(str(args["name"]), ours)


def _create(args: Args, progress: Progress) -> Result:
    name, prefix = _checked(str(args["name"])), str(args.get("prefix") or "")
    manager = _manager(prefix)
    there = _found(manager).get(name)
    if there is not None and name not in _ours(manager):
        raise UsageError(
            f"There is a kernel {name} already, in {there}, which is not of cloudshelf. Choose another name."
        )
    made = sync({**args, "shelf_named": bool(args.get("shelf_named"))}, progress)
    version, is_locked = _ipykernel(str(made["environment"]))
    text = format_lock(parse_lock(str(made["lock"]), "The lock"))
    with tempfile.TemporaryDirectory(prefix="cloudshelf-kernel-") as folder:
        Path(folder, LOCK).write_text(text, "utf-8")
        Path(folder, "kernel.json").write_text(json.dumps(_spec(args, name, made), indent=1) + "\n", "utf-8")
        Path(folder).chmod(0o755)
        try:
            place = manager.install_kernel_spec(folder, name, user=not prefix, prefix=prefix or None)
        except OSError as error:
            raise UsageError(f"The kernel {name} cannot be written: {error.filename}: {error.strerror}.") from None
    whose = "of the lock" if is_locked else f"of this Python, {sys.executable}"
    pins = count(len(made["pins"]), "pin")
    return {
        "kernel": name,
        "folder": place,
        "message": f"Wrote the kernel {name} with {pins} to {place}\nIts ipykernel is {version}, {whose}.",
    }


def _spec(args: Args, name: str, made: Result) -> dict[str, Any]:
    python = sys.executable
    run = ["-m", "cloudshelf", "run", "--inherit", "--lock", f"{{resource_dir}}/{LOCK}", "--"]
    kernel = [
        "-m",
        "ipykernel_launcher",
        "-f",
        "{connection_file}",
        "--InteractiveShellApp.extra_extensions=cloudshelf",
    ]
    digest = hashlib.sha256(str(made["lock"]).encode()).hexdigest()
    return {
        "argv": [python, "-P", *run, python, *kernel],  # -P: no module of the notebook's folder instead of ours
        "display_name": str(args.get("display_name") or name),
        "language": "python",
        "metadata": {"debugger": True, "cloudshelf": {"digest": digest, "requirements": list(made["requirements"])}},
    }


def _ipykernel(environment: str) -> tuple[str, bool]:
    """Version of the ipykernel that a kernel with ``environment`` starts, and whether the lock brings it.

    Raises UsageError when it would not start: no ipykernel anywhere, or one that does not work with the lock's pins.
    """
    environ = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(
        [sys.executable, "-P", "-c", _CHECK],
        env=environ | {"CLOUDSHELF_ENVIRONMENT": environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        raise UsageError(
            f"A kernel with this lock does not start: {said}. It takes its ipykernel from the lock, or else from "
            f"{sys.executable}. Add it to the one (cloudshelf lock … ipykernel) or the other (pip install ipykernel)."
        )
    version, place = done.stdout.strip().splitlines()[-1].split(" ", 1)
    return version, place.startswith(f"{environment}{os.sep}")


def _remove(name: str, ours: Mapping[str, str]) -> Result:
    import shutil

    name = name.lower()  # as Jupyter keeps it
    if name not in ours:
        others = ", ".join(sorted(ours)) or "none"
        raise UsageError(f"There is no kernel {name} of cloudshelf. Those there are: {others}.")
    folder = ours[name]
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise UsageError(f"The kernel {name} cannot be removed: {error.filename}: {error.strerror}.") from None
    return {"kernel": name, "folder": folder, "message": f"Removed the kernel {name} from {folder}"}


def _manager(prefix: str) -> KernelSpecManager:
    try:
        from jupyter_client.kernelspec import KernelSpecManager
    except ImportError:
        raise UsageError("Kernels need jupyter_client, which is not installed: pip install jupyter_client") from None
    if prefix:
        return KernelSpecManager(kernel_dirs=[str(Path(prefix, "share", "jupyter", "kernels"))])
    return KernelSpecManager()


def _found(manager: KernelSpecManager) -> dict[str, str]:
    return {name.lower(): folder for name, folder in manager.find_kernel_specs().items()}


def _ours(manager: KernelSpecManager) -> dict[str, str]:
    """Name → folder of the kernels that this verb made."""
    return {name: folder for name, folder in _found(manager).items() if isinstance(_facts(folder), dict)}


def _facts(folder: str) -> Any:
    try:
        spec = json.loads(Path(folder, "kernel.json").read_text("utf-8"))
        return spec["metadata"]["cloudshelf"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _row(name: str, folder: str) -> Result:
    spec = json.loads(Path(folder, "kernel.json").read_text("utf-8"))
    row = {"kernel": name, "display_name": spec.get("display_name", name), "folder": folder}
    try:
        lock = parse_lock(Path(folder, LOCK).read_text("utf-8"), LOCK)
    except (OSError, ShelfError):
        return row | {"shelf": "", "requirements": [], "pins": 0, "broken": True}
    return row | {"shelf": lock.shelf, "requirements": list(lock.requirements), "pins": len(lock.pins), "broken": False}


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot name a kernel: use letters, digits, - _ and dots.")
    return name.lower()  # as Jupyter keeps it
