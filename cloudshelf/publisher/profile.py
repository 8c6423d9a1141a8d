"""What a real import touches: each top-level module is imported in a fresh process, in a tree of the whole plan.

The tree is a virtual environment of hard links, so that libraries of other projects, ``.pth`` files and ``sys.prefix``
are as after an install, and nothing of the publisher's own site-packages is seen.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ..model import Kind
from .imports import module_name
from .interpreter import Interpreter
from .tree import InstalledTree, recorded_path

SECONDS = 120.0
MOST_MODULES = 48  # of one project; namespaces can have hundreds of parts, whose imports look alike
# Imports side by side: frames are compressed meanwhile, and both together would need the memory of both.
_AT_ONCE = max(1, min(4, (os.cpu_count() or 1) // 2))
_SCRIPT = Path(__file__).with_name("profiled.py")
_CODE = (".py", ".pyc", ".so")


@dataclass(slots=True)
class Recording:
    """What importing ``module`` touched of its own project; paths with their scheme, in order, each once."""

    module: str
    order: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    projects: list[str] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)  # of other projects
    imports: dict[str, list[str]] = field(default_factory=dict)  # module's path → modules that its body imported first
    later: list[str] = field(default_factory=list)  # touched by submodules besides
    error: str = ""


class ImportTree:
    """Installed trees merged into a virtual environment at ``root``; the first that has a path keeps it."""

    def __init__(self, root: Path, interpreter: Interpreter) -> None:
        assert interpreter.executable is not None
        self._interpreter = interpreter
        self._root = root.resolve()  # the audit hook sees resolved names of libraries
        self._site = self._root / "lib" / f"python{interpreter.python}" / "site-packages"
        self._owners: dict[str, tuple[str, str]] = {}  # path within the root → (project, path with scheme)
        self.modules: set[str] = set()  # that can be imported, by name
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False
        self._make_environment(interpreter.executable)

    @property
    def python(self) -> Path:
        return self._root / "bin" / "python"

    def add(self, project: str, root: Path, paths: Sequence[str]) -> None:
        """Link the files ``paths`` of the installed tree at ``root``."""
        for path in paths:
            relative = os.path.normpath(
                f"lib/python{self._interpreter.python}/site-packages/{recorded_path(path, self._interpreter.python)}"
            )
            if relative in self._owners or relative in ("bin/python", "pyvenv.cfg"):
                continue
            self._owners[relative] = (project, path)
            self.modules.update(filter(None, [module_name(path)]))
            target = self._root / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(root / path, target)
            except OSError:  # another file system, too many links
                shutil.copy2(root / path, target)

    def record(self, tree: InstalledTree, *, seconds: float = SECONDS) -> list[Recording]:
        """A recording of each top-level module of ``tree``, in their order. A failed import is part of it."""
        modules = tree.modules[:MOST_MODULES]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(lambda module: self._record(tree, module, seconds), modules))

    def stop(self) -> None:
        """End the imports that are being recorded, from another thread, and others as soon as they begin."""
        self._stopped = True
        for process in tuple(self._running):
            _end(process)

    def _record(self, tree: InstalledTree, module: str, seconds: float) -> Recording:
        lines, late = self._run(module, self._besides(tree, module), seconds)
        recording = Recording(module)
        collected = _Collector(recording, tree.metadata.project, self._owners, self._root)
        for line in lines:
            collected.take(line[:1], line[2:])
        if late and not collected.besides:  # else the module itself was done
            recording.error = f"the import did not end within {seconds:g} seconds"
        return recording

    def _besides(self, tree: InstalledTree, module: str) -> dict[str, dict[str, str]]:
        """Public submodules directly below ``module``, with the native modules in them, names by paths: only a real
        import tells what those import."""
        found: dict[str, dict[str, str]] = {}
        inside = f"site/{module.replace('.', '/')}/"
        for path in sorted(p for p, f in tree.files.items() if f.kind is Kind.EXTENSION and p.startswith(inside)):
            name = path.removeprefix(inside).split("/")[0].split(".")[0]
            if not name.startswith("_"):
                natives = found.setdefault(f"{module}.{name}", {})
                natives[str(self._site / path.removeprefix("site/"))] = module_name(path)
        return found

    def _run(self, module: str, besides: Mapping[str, Mapping[str, str]], seconds: float) -> tuple[list[str], bool]:
        """The events of one import, and whether it had to be stopped."""
        with (
            tempfile.TemporaryDirectory(prefix="cloudshelf-profile-") as folder,
            tempfile.TemporaryFile() as output,
        ):
            process = subprocess.Popen(
                [self.python, "-I", "-B", "-W", "ignore", _SCRIPT, module, self._site, json.dumps(besides)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                env=_environ(folder),
                start_new_session=True,  # what it starts is stopped with it
            )
            self._running.add(process)
            late = False
            try:
                process.wait(0 if self._stopped else seconds)
            except subprocess.TimeoutExpired:
                late = True
            finally:
                _end(process)
                process.wait()
                self._running.discard(process)
            output.seek(0)
            lines = output.read().decode("utf-8", "surrogateescape").splitlines()
        if process.returncode != 0 and not late:
            lines.append(f"e the process ended with {_ending(process.returncode)}")
        return lines, late

    def _make_environment(self, executable: Path) -> None:
        (self._root / "bin").mkdir(parents=True)
        self._site.mkdir(parents=True)
        self.python.symlink_to(executable)
        text = f"home = {executable.parent}\ninclude-system-site-packages = false\n"
        (self._root / "pyvenv.cfg").write_text(f"{text}version = {self._interpreter.target.python}\n")


class _Collector:
    """Turns events into a recording: only files of the project, each once."""

    def __init__(
        self,
        recording: Recording,
        project: str,
        owners: Mapping[str, tuple[str, str]],
        root: Path,
    ) -> None:
        self._recording = recording
        self._project = project
        self._owners = owners
        self._root = f"{root}/"
        self._order: set[str] = set()
        self._opened: set[str] = set()
        self._later: set[str] = set()
        self._folders: dict[str, list[str]] = {}
        self._bodies: list[str] = []  # that run just now, by their paths in the tree; "" for another project's
        self.besides = False  # the module itself is imported

    def take(self, letter: str, text: str) -> None:
        relative = text.removeprefix(self._root)
        if letter == "e":
            self._recording.error = text
        elif letter == "m":
            self.besides, self._bodies = True, []
        elif letter == "x":
            self._enter(relative)
        elif letter == "y":
            del self._bodies[-1:]
        elif letter == "l":
            for file in self._files_in(relative.rstrip("/")):
                self._touch(file, opened=True)
        elif letter in ("i", "o", "n"):
            self._touch(relative, opened=letter == "o")

    def _enter(self, relative: str) -> None:
        """A body begins; a native one can do so twice."""
        project, path = self._owners.get(relative, ("", ""))
        module, importer = module_name(path), self._bodies[-1] if self._bodies else ""
        if module and importer not in ("", path):
            _add(self._recording.imports.setdefault(importer, []), module)
        if module and project != self._project and not self.besides:
            _add(self._recording.modules, module)
        self._bodies.append(path if project == self._project else "")

    def _touch(self, relative: str, *, opened: bool) -> None:
        project, path = self._owners.get(relative, ("", ""))
        if not project:
            return
        if project != self._project:
            if not self.besides and path.endswith(_CODE):
                _add(self._recording.projects, project)
            return
        for touched in (*self._source_of(relative), path):
            if self.besides:
                if touched not in self._order and touched not in self._later:
                    self._later.add(touched)
                    self._recording.later.append(touched)
                continue
            if touched not in self._order:
                self._order.add(touched)
                self._recording.order.append(touched)
            if opened and touched not in self._opened:
                self._opened.add(touched)
                self._recording.opened.append(touched)

    def _source_of(self, relative: str) -> tuple[str, ...]:
        """Bytecode stands for its source: the import system looked at both."""
        folder, found, name = relative.rpartition("/__pycache__/")
        if not found:
            return ()
        owner = self._owners.get(f"{folder}/{name.split('.')[0]}.py")
        return (owner[1],) if owner and owner[0] == self._project else ()

    def _files_in(self, folder: str) -> list[str]:
        """Plain files directly in a folder; site-packages itself belongs to nobody."""
        if folder.endswith("/site-packages"):
            return []
        if not self._folders:
            for relative in self._owners:
                self._folders.setdefault(relative.rpartition("/")[0], []).append(relative)
        return sorted(self._folders.get(folder, []))


def _end(process: subprocess.Popen[bytes]) -> None:
    """With everything that it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _add(names: list[str], name: str) -> None:
    if name not in names:
        names.append(name)


def _environ(folder: str) -> dict[str, str]:
    """Little: no secrets of the publisher, no display, nothing written outside of ``folder``."""
    return {
        "PATH": os.defpath,
        "HOME": folder,
        "TMPDIR": folder,
        "XDG_CACHE_HOME": folder,
        "XDG_CONFIG_HOME": folder,
        "LANG": "C.UTF-8",
        "MPLBACKEND": "agg",
    }


def _ending(code: int) -> str:
    try:
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"
    except ValueError:
        return f"signal {-code}"
