"""Where everybody performs: wheels, an index of them, an S3 server with a shelf and trees, links to both, clocks.

What takes long and does not change (wheels, installed trees, the shelf's objects) stays in .bench/ for the next time;
what is measured begins in a folder of its own that is removed afterwards.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.links import LINKS, Link, open_link
from benchmarks.wheel_index import normalize, serve_wheels
from benchmarks.workloads import Workload
from tests.servers import S3Server, seaweed

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".bench"
# Where everybody's files are made and removed; docs/notes/2026-11-benchmark.md tells of file systems that spoil it.
WORK = Path(os.environ.get("BENCH_WORK") or FOLDER) / "bench-work"
BIN = Path(sys.executable).parent
CLOUDSHELF = (sys.executable, "-m", "cloudshelf")
LONGEST = 600.0  # seconds that one measured command may take

# Before and after each script, on nobody's account: whoever runs it pays the same.
_BEFORE = "import time as _time; _begun = _time.perf_counter()\n"
_AFTER = r"""
_took, _ended = _time.perf_counter() - _begun, _time.monotonic()
import json as _json, os as _os, re as _re
with open(_os.environ["BENCH_REPORT"], "w") as _file:
    _memory = int(_re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1])  # maxrss counts the parent's
    _json.dump({"seconds": _took, "ended": _ended, "memory": _memory}, _file)
"""


class CannotRun(Exception):
    """Why a contestant cannot run a workload on this machine."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: seconds of the whole commands, and what the script itself reported."""

    seconds: float
    script: float  # seconds of the script alone, from its first line to its last
    memory: int  # KiB, the most that the script's process had
    said: str
    begun: float = 0.0  # CLOCK_MONOTONIC, before the first command
    ended: float = 0.0  # CLOCK_MONOTONIC, after the script's last line


@dataclass(frozen=True, slots=True)
class Case:
    """One run to make: ``folder`` is empty and gone afterwards."""

    workload: Workload
    link: Link
    folder: Path


@dataclass(frozen=True, slots=True)
class Stage:
    """What runs while the benchmark does; ports are of 127.0.0.1, by the name of a link."""

    s3: S3Server
    index_port: int
    s3_ports: Mapping[str, int]
    index_ports: Mapping[str, int]

    def aws(self, port: int) -> dict[str, str]:
        return self.s3.environ(endpoint=f"http://127.0.0.1:{port}")

    def index_url(self, link: Link) -> str:
        return f"http://127.0.0.1:{self.index_ports[link.name]}/simple"


@contextlib.contextmanager
def set_stage(workloads: Sequence[Workload]) -> Iterator[Stage]:
    """Prepare what ``workloads`` need, and start the servers and the links to them."""
    with contextlib.ExitStack() as stack:
        s3 = stack.enter_context(seaweed())
        s3_port = int(s3.endpoint.rpartition(":")[2])
        index_port = stack.enter_context(serve_wheels(FOLDER / "wheels"))
        s3_ports = {link.name: stack.enter_context(open_link(s3_port, link)) for link in LINKS}
        index_ports = {link.name: stack.enter_context(open_link(index_port, link)) for link in LINKS}
        stage = Stage(s3, index_port, s3_ports, index_ports)
        copy_shelf(stage)
        yield stage


@contextlib.contextmanager
def fresh_case(workload: Workload, link: Link) -> Iterator[Case]:
    WORK.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=WORK))
    try:
        yield Case(workload, link, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clean_environ(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a user's shell: bytecode is written, and no setting of this shell changes what is measured."""
    prefixes = ("PYTHON", "PIP_", "UV_", "VIRTUAL_ENV", "CLOUDSHELF_", "AWS_", "RCLONE_")
    kept = {
        k: v for k, v in os.environ.items() if not k.upper().startswith(prefixes) and not k.lower().endswith("_proxy")
    }
    home = FOLDER / "home"
    home.mkdir(parents=True, exist_ok=True)
    return kept | {"HOME": str(home), "LC_ALL": "C.UTF-8", "TERM": "dumb"} | dict(more or {})


def write_script(case: Case, *, before: str = "") -> Path:
    """The workload's program in the case's folder, with a clock around it."""
    path = case.folder / "script.py"
    path.write_text(before + _BEFORE + case.workload.script + _AFTER)
    return path


def timed(case: Case, commands: Iterable[Sequence[str]], environ: Mapping[str, str]) -> Sample:
    """Run ``commands`` one after the other; the last one is the script. Raises CannotRun when one fails."""
    report = case.folder / "report.json"
    report.unlink(missing_ok=True)
    environ = {**environ, "BENCH_REPORT": str(report)}
    said = ""
    begun = time.monotonic()
    for command in commands:
        said = check(command, environ, cwd=case.folder)
    return sample(begun, time.monotonic(), said, report)


def sample(begun: float, ended: float, said: str, report: Path) -> Sample:
    facts = json.loads(report.read_text())
    return Sample(ended - begun, facts["seconds"], facts["memory"], said.strip(), begun, facts["ended"])


def check(command: Sequence[str], environ: Mapping[str, str], *, cwd: Path | None = None) -> str:
    """What ``command`` printed. Raises CannotRun with its last words."""
    try:
        done = subprocess.run(
            [str(word) for word in command], env=dict(environ), cwd=cwd, capture_output=True, text=True, timeout=LONGEST
        )
    except subprocess.TimeoutExpired:
        raise CannotRun(f"no end after {LONGEST:.0f} s") from None
    if done.returncode:
        raise CannotRun(last_line(done.stderr) or f"exit code {done.returncode}")
    return done.stdout


def last_line(text: str) -> str:
    """The last line, without the paths of this machine."""
    lines = [line for line in text.splitlines() if line.strip()]
    return without_paths(lines[-1].strip()[:200]) if lines else ""


def without_paths(text: str) -> str:
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1", text)
    return re.sub(rf"{re.escape(str(ROOT))}|(?:{re.escape(str(WORK))}|/tmp)/[\w.-]+", "…", text)


# preparing


def download_wheels(workloads: Sequence[Workload], more: Iterable[str] = ()) -> dict[str, str]:
    """Bring the wheels of ``workloads``, and ``more``, with pip under its own configuration; a version of each project.

    Returns why a workload cannot be measured, by its name.
    """
    wheels = FOLDER / "wheels"
    done = wheels / "requirements.json"
    wheels.mkdir(parents=True, exist_ok=True)
    missing = {w.name: "pip finds no torch 2.13.0 on this machine's disk" for w in workloads if not _is_at_hand(w)}
    wanted = {*more, *(r for w in workloads if w.name not in missing for r in w.requirements)}
    had = set(json.loads(done.read_text()) if done.exists() else ())
    if not wanted <= had:
        _download(sorted(wanted | had), wheels)
        done.write_text(json.dumps(sorted(wanted | had)))
    return missing


def _download(requirements: Sequence[str], wheels: Path) -> None:
    """All at once, so that they agree with each other: what an earlier, smaller set had chosen goes."""
    with tempfile.TemporaryDirectory(dir=FOLDER) as name:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "--dest", name]
        subprocess.run([*pip, "--find-links", str(wheels), *requirements], check=True)
        for path in wheels.glob("*.whl"):
            path.unlink()
        for path in Path(name).glob("*.whl"):
            path.rename(wheels / path.name)


def _is_at_hand(workload: Workload) -> bool:
    torch = [r for r in workload.requirements if r.startswith("torch")]
    return not torch or has_torch(torch)


def has_torch(requirements: Sequence[str]) -> bool:
    """Torch is measured only where a CPU wheel lies on disk: PyPI's has several GB of CUDA beside it."""
    if any((FOLDER / "wheels").glob("torch-*cpu*.whl")):
        return True
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-index", "--no-deps", "--dest"]
    return subprocess.run([*command, str(FOLDER / "wheels"), *requirements], capture_output=True).returncode == 0


def install_site(workload: Workload) -> Path:
    """The python of an ordinary virtual environment with the workload's requirements and warm bytecode; kept."""
    key = hashlib.sha256(json.dumps([workload.requirements, _wheel_names()]).encode()).hexdigest()[:12]
    folder = FOLDER / "sites" / f"{normalize(workload.name.replace('+', '-'))}-{key}"
    python = folder / "bin" / "python"
    if not (folder / "done").exists():
        environ = clean_environ({"UV_CACHE_DIR": str(FOLDER / "uv")})
        uv = str(BIN / "uv")
        check([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)], environ)
        options = ["--no-index", "--find-links", str(FOLDER / "wheels"), "--link-mode", "copy", "--compile-bytecode"]
        check([uv, "pip", "install", "--quiet", "--python", str(python), *options, *workload.requirements], environ)
        (folder / "done").touch()
    return python


def site_packages(python: Path) -> Path:
    """Of the environment that ``python`` belongs to."""
    return next(python.parent.parent.glob("lib/python3*/site-packages"))


def _wheel_names() -> list[str]:
    return sorted(path.name for path in (FOLDER / "wheels").glob("*.whl"))


def publish_shelf() -> None:
    """Put all wheels on a shelf in a folder, unless this publisher did that already; S3 gets its objects."""
    sources = [p for part in ("publisher", "codecs") for p in sorted((ROOT / "cloudshelf" / part).glob("*.py"))]
    state = hashlib.sha256("".join(_wheel_names()).encode())
    for path in sources:
        state.update(path.read_bytes())
    shelf = FOLDER / "shelf"
    done = shelf / ".published"
    if done.exists() and done.read_text() == state.hexdigest():
        return
    shutil.rmtree(shelf, ignore_errors=True)
    environ = clean_environ({"CLOUDSHELF_URL": shelf.as_uri(), "CLOUDSHELF_CACHE": str(FOLDER / "publishing")})
    check([*CLOUDSHELF, "init", shelf.as_uri(), "--name", "bench"], environ)
    wheels = sorted(str(path) for path in (FOLDER / "wheels").glob("*.whl"))
    find = ["--no-index", "--find-links", str(FOLDER / "wheels")]
    subprocess.run([*CLOUDSHELF, "publish", *find, *wheels], env=environ, check=True, stdout=subprocess.DEVNULL)
    done.write_text(state.hexdigest())


def copy_shelf(stage: Stage) -> None:
    """The shelf's objects into the bucket, as they are."""
    import obstore
    from obstore.store import S3Store

    store = S3Store(
        stage.s3.bucket,
        access_key_id=stage.s3.identity.access_key,
        secret_access_key=stage.s3.identity.secret_key,
        endpoint=stage.s3.endpoint,
        region="us-east-1",
        client_options={"allow_http": True},
    )
    folder = FOLDER / "shelf"
    keys = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    with ThreadPoolExecutor(8) as pool:
        for done in [
            pool.submit(obstore.put, store, key, folder / key)
            for key in keys
            if not any(part.startswith(".") for part in key.split("/"))
        ]:
            done.result()
