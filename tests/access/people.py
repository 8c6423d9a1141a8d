"""Somebody with the identity of a role, settings and a cache of their own; what they do is the real command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Person:
    folder: Path
    environ: Mapping[str, str]

    def run(self, *words: object, code: int = 0, **environ: str) -> subprocess.CompletedProcess[str]:
        """``cloudshelf words``, which has to end with ``code``. Nothing it says may have a secret."""
        done = subprocess.run(
            [sys.executable, "-m", "cloudshelf", *map(str, words)],
            env={**self.environ, **environ},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "canary-secret" not in done.stdout + done.stderr and "Traceback" not in done.stderr
        return done

    def imports(self, *requirements: str, code: str, fails: int = 0) -> subprocess.CompletedProcess[str]:
        """What ``code`` prints in an environment of ``requirements``."""
        wanted = [word for each in requirements for word in ("--with", each)]
        return self.run("run", *wanted, "--", "python", "-c", code, code=fails)


def make_person(folder: Path, url: str, aws: Mapping[str, str]) -> Person:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run").mkdir(mode=0o700, exist_ok=True)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CLOUDSHELF", "AWS_", "XDG_", "PYTHONPATH"))}
    return Person(
        folder,
        {
            **kept,
            **aws,
            "AWS_EC2_METADATA_DISABLED": "true",
            "CLOUDSHELF_CACHE": str(folder / "cache"),
            "CLOUDSHELF_URL": url,
            "CLOUDSHELF_CONFIG": os.devnull,
            "CLOUDSHELF_FETCHER_IDLE": "1",
            "XDG_RUNTIME_DIR": str(folder / "run"),
            "HOME": str(folder),
        },
    )
