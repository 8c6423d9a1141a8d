"""The same program in an ordinary virtual environment and off the shelf: the output must be equal.

A case is a script in ``cases/`` with its requirements in a PEP 723 block; the table ``[tool.compat]`` in it says what
kind of program it is, whether it belongs to the quick ones, and the command when that is not ``python script.py``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CASES = Path(__file__).parent / "cases"
CLOUDSHELF = (sys.executable, "-m", "cloudshelf")
_BLOCK = re.compile(r"(?m)^# /// script\n((?:#.*\n)+?)# ///$")


@dataclass(frozen=True)
class Case:
    name: str
    script: Path
    requirements: tuple[str, ...]
    kinds: tuple[str, ...]
    quick: bool
    command: tuple[str, ...]
    only: str  # text that the version must contain, or the case is skipped


@dataclass(frozen=True)
class Ran:
    """What a program did: exit code, output, and the end of what it said on the error stream."""

    code: int
    output: str
    errors: str


@dataclass(frozen=True)
class Verdict:
    case: Case
    equal: bool
    reason: str
    seconds: tuple[float, ...] = ()  # ordinary, cold, warm


def read_case(script: Path) -> Case:
    """The case in ``script``. Raises ValueError when it has no PEP 723 block."""
    text = script.read_text()
    block = _BLOCK.search(text)
    if not block:
        raise ValueError(f"{script} has no block of inline script metadata (PEP 723)")
    facts = tomllib.loads("".join(line[2:] or "\n" for line in block[1].splitlines(keepends=True)))
    settings = facts["tool"]["compat"]
    return Case(
        name=script.stem,
        script=script,
        requirements=tuple(facts["dependencies"]),
        kinds=tuple(settings["kinds"]),
        quick=settings.get("quick", False),
        command=tuple(settings.get("command", ("python", "script.py"))),
        only=settings.get("only", ""),
    )


def read_cases() -> list[Case]:
    return [read_case(script) for script in sorted(CASES.glob("*.py"))]


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a user's shell: this machine's, without what would make two runs differ."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV", "CLOUDSHELF_"))}
    fixed = {"HOME": str(home), "COLUMNS": "80", "LC_ALL": "C.UTF-8", "TERM": "dumb", "OMP_NUM_THREADS": "1"}
    return kept | fixed | more


def run(command: Sequence[str], script: Path, environ: Mapping[str, str], *, timeout: float = 300) -> Ran:
    """Run ``command`` in a fresh folder that holds ``script`` as script.py."""
    with tempfile.TemporaryDirectory(prefix="compat-") as folder:
        Path(folder, "script.py").write_bytes(script.read_bytes())
        try:
            done = subprocess.run(
                command, cwd=folder, env=dict(environ), capture_output=True, timeout=timeout, stdin=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired as expired:
            return Ran(-1, (expired.stdout or b"").decode(errors="replace"), f"no end after {timeout:.0f} s")
        output, errors = (
            said.decode(errors="replace").replace(folder, "<folder>") for said in (done.stdout, done.stderr)
        )
        return Ran(done.returncode, output, errors[-4000:])


class Ordinary:
    """An ordinary virtual environment with the requirements of a case, made by venv and pip; kept for the next time."""

    def __init__(self, case: Case, work: Path) -> None:
        self.case = case
        self.folder = work / "ordinary" / f"{case.name}-{sys.implementation.cache_tag}"
        self.python = self.folder / "bin" / "python"
        self._stamp = self.folder / "installed.json"

    def build(self) -> None:
        """Raises subprocess.CalledProcessError when pip cannot."""
        if self._stamp.exists() and json.loads(self._stamp.read_text())["requirements"] == list(self.case.requirements):
            return
        environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        _check([sys.executable, "-m", "venv", "--clear", "--without-pip", str(self.folder)], environ)
        pip = [sys.executable, "-m", "pip", "--python", str(self.python)]
        _check([*pip, "install", "--quiet", "--no-warn-script-location", *self.case.requirements], environ)
        listing = json.loads(_check([*pip, "list", "--format", "json"], environ))
        versions = {row["name"]: row["version"] for row in listing}
        self._stamp.write_text(json.dumps({"requirements": self.case.requirements, "versions": versions}))

    def pins(self) -> list[str]:
        """Exact requirements of everything installed."""
        versions: dict[str, str] = json.loads(self._stamp.read_text())["versions"]
        return [f"{name}=={version}" for name, version in sorted(versions.items())]

    def asked(self) -> list[str]:
        """The requirements of the case, at the versions that pip chose: what is asked of the shelf."""
        versions = {_normalize(p.partition("==")[0]): p.partition("==")[2] for p in self.pins()}
        asked = []
        for requirement in self.case.requirements:
            name = re.match(r"[\w.-]+(\[[^]]*\])?", requirement)
            assert name, requirement
            asked.append(f"{name[0]}=={versions[_normalize(name[0].partition('[')[0])]}")
        return asked

    def run(self, home: Path) -> Ran:
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        environ = clean_environment(home, PATH=path, VIRTUAL_ENV=str(self.folder))
        return run(self.case.command, self.case.script, environ)


def publish(requirements: Sequence[str], url: str) -> str:
    """Put ``requirements`` on the shelf at ``url``; returns the reason when that fails, else nothing."""
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [*CLOUDSHELF, "publish", "--shelf", url, *requirements], capture_output=True, text=True, env=environ
    )
    return "" if done.returncode == 0 else (_last_line(done.stderr) or f"exit code {done.returncode}")


def run_off_shelf(case: Case, asked: Sequence[str], url: str, *, cache: Path, home: Path) -> Ran:
    """The command under test: ``cloudshelf run --with REQUIREMENT... -- COMMAND``."""
    chosen = [word for requirement in asked for word in ("--with", requirement)]
    environ = clean_environment(home, CLOUDSHELF_CACHE=str(cache), CLOUDSHELF_FETCHER_IDLE="5")
    return run([*CLOUDSHELF, "run", "--shelf", url, *chosen, "--", *case.command], case.script, environ)


def compare(expected: Ran, found: Ran) -> str:
    """What differs, in one line; nothing when they are equal."""
    if (expected.code, expected.output) == (found.code, found.output):
        return ""
    if found.code != expected.code:
        return f"exit code {found.code} instead of {expected.code}: {_last_line(found.errors)}"
    pairs = zip([*expected.output.splitlines(), ""], [*found.output.splitlines(), ""], strict=False)
    wanted, got = next((pair for pair in pairs if pair[0] != pair[1]), ("", ""))
    return f"printed {got[:160]!r} instead of {wanted[:160]!r}: {_last_line(found.errors)}"


def skip_reason(case: Case) -> str:
    """Why this machine cannot run the case, or nothing; asks pip which version it would install."""
    if not case.only:
        return ""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--no-deps"]
    done = subprocess.run([*command, "--report", "-", *case.requirements], capture_output=True, text=True)
    if done.returncode:
        return f"pip finds none of {', '.join(case.requirements)}"
    version: str = json.loads(done.stdout)["install"][0]["metadata"]["version"]
    return "" if case.only in version else f"pip would bring {version}, which is not the {case.only} build"


def _check(command: Sequence[str], environ: Mapping[str, str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, env=dict(environ)).stdout


def _normalize(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""
