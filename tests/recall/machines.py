"""A user's machine with the real command: a cache of its own, and a shelf that it may change."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from cloudshelf.importing.blocklist import Known, parse_known, place


class Machine:
    """``shelf`` is a URL; fetchers end by themselves when they have nothing to do."""

    def __init__(self, folder: Path, shelf: str, **environ: str) -> None:
        self.folder, self.shelf = folder, shelf
        for name in ("home", "run"):
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("CLOUDSHELF", "AWS_", "XDG_", "PYTHONPATH"))}
        self.environ = kept | {
            "CLOUDSHELF_CACHE": str(folder / "cache"),
            "CLOUDSHELF_URL": shelf,
            "CLOUDSHELF_CONFIG": os.devnull,
            "CLOUDSHELF_FETCHER_IDLE": "2",
            "CLOUDSHELF_OSV": "off",
            "XDG_RUNTIME_DIR": str(folder / "run"),
            "HOME": str(folder / "home"),
            **environ,
        }

    def start(self, words: Sequence[object], **environ: str) -> subprocess.CompletedProcess[str]:
        """A process as this user would start it, ended."""
        return subprocess.run(
            [str(word) for word in words],
            env=self.environ | environ,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=self.folder / "home",
        )

    def __call__(self, *words: object, code: int = 0, **environ: str) -> str:
        """What the command ``cloudshelf`` prints; on stderr where ``code`` is none of 0."""
        done = self.start([sys.executable, "-m", "cloudshelf", *words], **environ)
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stderr if code else done.stdout

    def environment(self, *requirements: str) -> Path:
        """That of ``run --with``, made if need be."""
        options = [word for each in requirements for word in ("--with", each)]
        return Path(self("run", *options, "--", "python", "-c", "import sys; print(sys.prefix)").strip())

    def python(self, environment: Path, code: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """``environment``'s own python: a start of it."""
        return self.start([environment / "bin/python", "-c", code], **environ)

    # the file about the shelf's blocks

    @property
    def file(self) -> Path:
        return Path(place(self.environ["CLOUDSHELF_CACHE"], self.shelf))

    def known(self) -> Known:
        known = parse_known(self.file.read_bytes())
        assert known is not None
        return known

    def know(self, known: Known) -> None:
        self.file.write_bytes(known.format())

    def age(self, seconds: float) -> None:
        """As if the file was written that long ago, and the shelf asked then."""
        known = self.known()
        known.checked, known.tried = time.time() - seconds, 0.0
        self.know(known)


@contextlib.contextmanager
def away(shelf: str) -> Iterator[None]:
    """The folder of a shelf is not there, as a share that is not mounted."""
    folder = Path(shelf.removeprefix("file://"))
    hidden = folder.with_name(f"{folder.name}.away")
    folder.rename(hidden)
    try:
        yield
    finally:
        hidden.rename(folder)
