"""pip and uv write nothing into an environment: its files are those of its lock, and every run of the lock shares it.

EXTERNALLY-MANAGED (PEP 668) does not bind in a virtual environment, neither pip nor uv. But both start the Python that
they write for: pip is a program of it, and uv has it describe itself first. Here what would write is told from what
only looks. What cannot be seen so is found afterwards (environment/seal.py).
"""

from __future__ import annotations

import os
import sys

from .metadata import Corrections

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType
    from typing import Any, NoReturn

_UV = (
    "get_interpreter_info"  # the module that uv has a Python run, to know it (uv, crates/uv-python/src/interpreter.rs)
)
_UV_PIP = ("install", "sync", "uninstall")
_UV_LOOKS = ("check", "compile", "freeze", "list", "show", "tree")  # of `uv pip`
_UV_PROJECT = ("add", "remove", "run", "sync", "version")  # they install what the project needs
_NOT_HERE = ("--dry-run", "--no-project", "--no-sync", "--prefix", "--target", "-t")
_MEANWHILE = (  # methods of pip that are called for what is not installed yet, and only then
    ("pip._internal.index.package_finder", "PackageFinder", "find_all_candidates"),
    ("pip._internal.operations.prepare", "RequirementPreparer", "prepare_linked_requirement"),
    ("pip._internal.operations.prepare", "RequirementPreparer", "prepare_editable_requirement"),
)


def refuse_writing(environment: str) -> None:
    """From here on this process, which is of ``environment``'s own Python, installs nothing there, nor does uv."""
    if _UV in sys.orig_argv[-1]:
        _answer_uv(environment)
        return
    Corrections(
        {"pip._internal.commands.install": _guard_install, "pip._internal.commands.uninstall": _guard_uninstall}
    ).install()


def _told(program: str) -> str:
    """One sentence; uv shows it as the name of a file, which has 255 bytes at most and no slash."""
    return (
        f"{program} changes nothing here: this environment has exactly what its lock pins. To have more or less: "
        "cloudshelf run --with PROJECT; in a notebook %shelf use PROJECT, %shelf drop PROJECT. Beside it: a virtual "
        f"environment of your own, or {program} with --target FOLDER"
    )


def _answer_uv(environment: str) -> None:
    """What uv will be told of this Python.

    An error would not do: uv passes over a Python that fails, and installs into the next one that it finds. So it gets
    a site-packages that can be neither listed nor made, below a file, and says that it cannot read it, and its name.
    """
    # uv remembers who a Python is, unless that is another file than the one it started: then it asks each time.
    sys.executable = f"{environment}/.cloudshelf/python"
    if _uv_writes(_parents_words()):
        import sysconfig

        found, site = sysconfig.get_paths, f"{environment}/.cloudshelf/lock.toml/{_told('uv')}"

        def get_paths(*args: Any, **options: Any) -> dict[str, str]:
            return found(*args, **options) | {"purelib": site, "platlib": site}

        sysconfig.get_paths = get_paths


def _parents_words() -> list[str]:
    """The command that started this process; empty where the machine does not tell."""
    try:
        with open(f"/proc/{os.getppid()}/cmdline", "rb") as file:
            return os.fsdecode(file.read()).split("\0")[1:]
    except OSError:
        return []


def _uv_writes(words: Sequence[str]) -> bool:
    """Whether ``uv`` with these arguments would write into this Python's environment."""
    if any(word.startswith(_NOT_HERE) for word in words):
        return False
    verb = next((i for i, word in enumerate(words) if word in ("pip", "tool", *_UV_PROJECT)), None)
    if verb is None or words[verb] == "tool":
        return False
    if words[verb] == "pip":
        return next((word for word in words[verb + 1 :] if word in (*_UV_PIP, *_UV_LOOKS)), "") in _UV_PIP
    active = os.environ.get("VIRTUAL_ENV") if "--active" in words else None
    return any(_is_inside(folder) for folder in (active, os.environ.get("UV_PROJECT_ENVIRONMENT")) if folder)


def _is_inside(folder: str) -> bool:
    """Whether a folder is this Python's environment, or in it."""
    return f"{os.path.realpath(folder)}/".startswith(f"{os.path.realpath(sys.prefix)}/")


def _guard_install(module: ModuleType) -> None:
    """What is installed already is still said to be; the first thing that is not ends the command."""
    from importlib import import_module

    command: Any = module.InstallCommand
    run = command.run

    def guarded(self: Any, options: Any, args: Any) -> Any:
        options.disable_pip_version_check = True  # it would tell people to upgrade pip here
        if _is_elsewhere(options):
            return run(self, options, args)
        for place, kind, method in _MEANWHILE:
            setattr(getattr(import_module(place), kind), method, _refuse_pip)
        return run(self, options, args)

    command.run = guarded


def _is_elsewhere(options: Any) -> bool:
    """Whether an install with these options of pip's writes nothing into this Python's environment."""
    if options.root_path:
        return not _is_inside(f"{options.root_path}/{sys.prefix}")
    folder = options.target_dir or options.prefix_path
    return not _is_inside(folder) if folder else bool(getattr(options, "dry_run", False))  # pip 22.2 and newer


def _guard_uninstall(module: ModuleType) -> None:
    command: Any = module.UninstallCommand
    command.run = _refuse_pip


def _refuse_pip(*_: Any, **__: Any) -> NoReturn:
    from importlib import import_module

    raise import_module("pip._internal.exceptions").CommandError(_told("pip"))
