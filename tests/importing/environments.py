"""Environments from a dictionary of files, filled by the fetcher of ``fake_fetcher.py``."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.machinery
import json
import marshal
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cloudshelf.environment.build import build_environment
from cloudshelf.environment.interpreter import Interpreter, describe_interpreter
from cloudshelf.importing.blocklist import Known, place
from cloudshelf.model import File, Frame, Kind, Lock, Manifest, Pin, Profile

FAKE = [sys.executable, str(Path(__file__).with_name("fake_fetcher.py"))]
SITE = f"lib/python3.{sys.version_info[1]}/site-packages"
EXTENSION = importlib.machinery.EXTENSION_SUFFIXES[0]
MTIME = 1_600_000_000


@dataclass
class Project:
    """Files by path with its scheme; the kind is told by the name unless ``kinds`` has it."""

    name: str
    files: Mapping[str, bytes | str]
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    needs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    opened: Sequence[str] = ()
    uses: Sequence[str] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    version: str = "1.0"

    def contents(self) -> dict[str, bytes]:
        info = f"site/{self.name.replace('-', '_')}-{self.version}.dist-info"
        files = {path: c.encode() if isinstance(c, str) else c for path, c in self.files.items()}
        files.setdefault(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {self.name}\nVersion: 1.0\n".encode())
        record = "".join(f"{path.partition('/')[2]},,\n" for path in files if path.startswith("site/"))
        files.setdefault(f"{info}/RECORD", record.encode())
        return files

    def kind(self, path: str) -> Kind:
        if path in self.kinds:
            return self.kinds[path]
        inline = path.endswith((".pth", "METADATA", "entry_points.txt")) or (path.startswith("scripts/"))
        if inline:
            return Kind.INLINE
        if "/tests/" in path or path.endswith(("RECORD", ".pyi")):
            return Kind.IDLE
        suffixes = {".py": Kind.SOURCE, ".pyc": Kind.BYTECODE, EXTENSION: Kind.EXTENSION, ".so.1": Kind.LIBRARY}
        return next((kind for suffix, kind in suffixes.items() if path.endswith(suffix)), Kind.DATA)

    def manifest(self) -> Manifest:
        contents = self.contents()
        paths = list(contents)
        files = []
        offset = 0
        for path, content in contents.items():
            kind = self.kind(path)
            inline = kind is Kind.INLINE
            mode = 0o755 if path.startswith("scripts/") or kind is Kind.LIBRARY else 0o644
            digest = hashlib.sha256(content).hexdigest()
            files.append(
                File(path, len(content), mode, MTIME, digest, kind, -1 if inline else 0, 0 if inline else offset)
            )
            offset += 0 if inline else len(content)
        numbers = {path: i for i, path in enumerate(paths)}
        opened = tuple(numbers[path] for path in self.opened)
        return Manifest(
            project=self.name,
            version=self.version,
            wheel=f"{self.name.replace('-', '_')}-{self.version}-py3-none-any.whl",
            interpreter="",
            files=tuple(files),
            frames=(Frame("0" * 64 + ".0", 0, 1, offset, "0" * 64),),
            eager=sum(f.kind is not Kind.IDLE for f in files),
            inline={f.path: contents[f.path] for f in files if f.frame < 0},
            needs={numbers[path]: tuple(names) for path, names in self.needs.items()},
            profiles=(Profile(self.name, opened, opened, tuple(self.uses)),),
            links=self.links,
        )


def lock_of(projects: Sequence[Project], shelf: str = "memory:") -> Lock:
    pins = [
        Pin(
            project=p.name,
            version=p.version,
            release="1" * 64,
            wheel=f"{p.name.replace('-', '_')}-{p.version}-py3-none-any.whl",
            sha256=hashlib.sha256(repr(sorted(p.contents().items())).encode()).hexdigest(),
            size=1,
            origin="",
            manifest="2" * 64 + ".0",
        )
        for p in projects
    ]
    return Lock(shelf, tuple(p.name for p in projects), "3.11.7", "cpython-311", tuple(pins))


class Made:
    """One environment, and what its fetcher was asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.own = path / ".cloudshelf"
        self.index = marshal.loads((self.own / "index").read_bytes())
        self.site = path / self.index["site"]

    def number(self, path: str) -> int:
        """Of a path below site-packages."""
        found: int = self.index["paths"].index(f"{self.index['site']}/{path}")
        return found

    def is_there(self, path: str) -> bool:
        return bool((self.own / "presence").read_bytes()[self.number(path)])

    def requests(self) -> list[str]:
        log = self.own / "requests"
        return log.read_text().splitlines() if log.exists() else []

    def tell(self, what: str, content: str = "") -> None:
        """Have the fetcher misbehave."""
        (self.own / what).write_text(content)

    def fail(self, error: str, *args: object) -> None:
        self.tell("fail", json.dumps({"error": error, "args": args}))

    def fill(self) -> None:
        """Every file in place, as ``fill`` does."""
        contents = marshal.loads((self.own / "contents").read_bytes())
        for number, content in contents.items():
            (self.path / self.index["paths"][number]).write_bytes(content)
        (self.own / "presence").write_bytes(b"\1" * len(self.index["paths"]))

    def run(self, code: str, *options: str, check: bool = True, **environ: str) -> subprocess.CompletedProcess[str]:
        """The environment's own python, isolated from this one."""
        return self.command([str(self.path / "bin/python"), *options, "-c", code], check=check, **environ)

    def command(self, words: Sequence[str], *, check: bool = True, **environ: str) -> subprocess.CompletedProcess[str]:
        clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")}
        done = subprocess.run(
            words, capture_output=True, text=True, env=clean | environ, timeout=60, cwd=self.path.parent
        )
        if check:
            assert done.returncode == 0, done.stderr
            assert done.stderr == ""
        return done

    def says(self, code: str, *options: str, **environ: str) -> str:
        return self.run(code, *options, **environ).stdout.strip()


class Maker:
    """Makes environments in one cache, and ends their fetcher."""

    def __init__(self, folder: Path, interpreter: Interpreter | None = None) -> None:
        """For the Python that runs the tests, unless another ``interpreter`` is named."""
        self.cache = folder / "cache"
        self.interpreter = interpreter or describe_interpreter()

    def __call__(self, *projects: Project, fetcher: Sequence[str] = FAKE) -> Made:
        lock = lock_of(projects)
        path = build_environment(
            lock,
            [project.manifest() for project in projects],
            cache=self.cache,
            interpreter=self.interpreter,
            fetcher=fetcher,
        )
        self.know_blocks(lock.shelf)
        contents = [content for project in projects for content in project.contents().values()]
        (path / ".cloudshelf" / "contents").write_bytes(marshal.dumps(dict(enumerate(contents))))
        return Made(path)

    def know_blocks(self, shelf: str) -> None:
        """As after a ``use``: this machine has just read that nothing is blocked."""
        file = Path(place(str(self.cache), shelf))
        file.parent.mkdir(mode=0o700, exist_ok=True)
        file.write_bytes(Known(shelf, checked=time.time()).format())
        file.chmod(0o600)

    def fetcher(self) -> int:
        """Its process id."""
        return int((self.cache / "fetcher" / "pid").read_text())

    def end(self) -> None:
        with contextlib.suppress(OSError):
            os.kill(self.fetcher(), signal.SIGKILL)
