"""``projects/`` mounted for real: ordinary tools, the kernel's own reads, a large binary, processes that are killed."""

from __future__ import annotations

import errno
import importlib.util
import marshal
import mmap
import os
import random
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from cloudshelf.chains.commit import init_shelf
from cloudshelf.stores.local import LocalStore
from tests.bad_input.conftest import BULK, User
from tests.stress import amount
from tools.fault_proxy import FaultProxy, Reset

from .drives import Drive, facts_of, needs_fuse, wait_until, walk
from .shelves import MTIME, Wheel, put

pytestmark = needs_fuse
FRAME = 256 << 10
LARGE = random.Random(5).randbytes(3_000_001)
ODD = ["with space", "new\nline", "quote'\"`$(rm)", "-rf", "*", "ünï→", "a\\b", "%s", "~", "#", "x" * 250]
FILES = {
    "site/demo/__init__.py": b"x = 1\n",
    "site/demo/large.bin": LARGE,
    "data/share/demo/needle.txt": b"the needle\n",
    "headers/demo/demo.h": b"#define DEMO 1\n",
    **{f"site/odd/{name}": name.encode() for name in ODD},
}


class Mounted(NamedTuple):
    drive: Drive
    store: LocalStore

    @property
    def projects(self) -> Path:
        return self.drive.folder / "projects"

    @property
    def version(self) -> Path:
        return self.projects / "demo" / "1.0"

    def partial(self) -> list[os.stat_result]:
        """The files of which some parts are here."""
        return [path.stat() for path in (self.drive.user.cache / "blobs" / "tmp").iterdir()]


@pytest.fixture
def mounted(tmp_path: Path, users: Callable[..., User], drives: Callable[..., Drive]) -> Mounted:
    store = LocalStore(tmp_path / "shelf")
    init_shelf(store, "demo")
    put(store, Wheel("demo", files=FILES, modes={"site/demo/__init__.py": 0o755}, large=FRAME))
    drive = drives(users(store.url))
    drive.mount("--all")
    return Mounted(drive, store)


def tool(*words: object) -> str:
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0 and not done.stderr, done
    return done.stdout


def test_python_finds_the_bytecode_that_is_not_listed(
    tmp_path: Path, users: Callable[..., User], drives: Callable[..., Drive]
) -> None:
    source = b"x = 1\n"
    code = compile(source, "demo/__init__.py", "exec")
    stamp = [part.to_bytes(4, "little") for part in (0, MTIME, len(source))]  # PEP 552
    name = f"__pycache__/__init__.{sys.implementation.cache_tag}.pyc"
    compiled = importlib.util.MAGIC_NUMBER + b"".join(stamp) + marshal.dumps(code)
    store = LocalStore(tmp_path / "shelf")
    init_shelf(store, "demo")
    put(store, Wheel("demo", files={"site/demo/__init__.py": source, f"site/demo/{name}": compiled}))
    drive = drives(users(store.url))
    drive.mount("--all")
    version = drive.folder / "projects" / "demo" / "1.0"
    assert tool("find", version, "-type", "f", "-printf", "%P\n") == "demo/__init__.py\n"
    environ = {"PYTHONPATH": str(version), "PATH": os.environ["PATH"]}
    words = [sys.executable, "-v", "-c", "import demo"]
    said = subprocess.run(words, env=environ, capture_output=True, text=True, check=True).stderr
    assert f"code object from '{version}/demo/{name}'" in said


def test_ordinary_tools_look_at_a_shelf_without_reading_contents(mounted: Mounted) -> None:
    assert tool("ls", mounted.projects) == "demo\n"
    assert tool("ls", mounted.projects / "demo") == "1.0\n"
    found = tool("find", mounted.projects, "-type", "f", "-print0").split("\0")[:-1]
    assert len(found) == len(FILES)
    assert tool("du", "-s", "-B1", "--apparent-size", mounted.version).split()[0] == str(sum(map(len, FILES.values())))
    assert tool("stat", "-c", "%a %s %Y", mounted.version / "demo/__init__.py") == f"755 6 {MTIME}\n"
    assert not (mounted.drive.user.cache / "flat").exists()  # nothing was read
    assert tool("grep", "-rl", "needle", mounted.version) == f"{mounted.version}/share/demo/needle.txt\n"


def test_every_byte_and_every_odd_name_is_as_it_was_published(mounted: Mounted) -> None:
    expected = {path.partition("/")[2]: content for path, content in FILES.items()}
    expected["include/demo/demo.h"] = expected.pop("demo/demo.h")
    found = {
        path: (mounted.version / path).read_bytes()
        for path in walk(mounted.version)
        if (mounted.version / path).is_file()
    }
    assert found == expected


def test_what_is_not_there_or_no_folder_is_said_as_any_file_system_does(mounted: Mounted) -> None:
    for path, error in (
        ("nothing", FileNotFoundError),
        ("demo/9.9", FileNotFoundError),
        ("demo/1.0/nothing", FileNotFoundError),
        ("demo/1.0/demo/__init__.py/x", NotADirectoryError),
        ("demo/1.0/demo", IsADirectoryError),
    ):
        with pytest.raises(error):
            (mounted.projects / path).read_bytes()
    with pytest.raises(NotADirectoryError):
        list((mounted.version / "demo/__init__.py").iterdir())


def _read_here_and_there(place: tuple[str, int, int]) -> int:
    """fsx-like: reads and maps of any place and length, in several processes; how many were right."""
    path, seed, number = place
    chance, right = random.Random(seed), 0
    with open(path, "rb", buffering=0) as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        for _ in range(number):
            offset, size = chance.randrange(len(LARGE) + 100), chance.choice((1, 4096, 4097, 70_000, 600_000))
            if chance.random() < 0.3:
                right += mapped[offset : offset + size] == LARGE[offset : offset + size]
            else:
                right += os.pread(file.fileno(), size, offset) == LARGE[offset : offset + size]
    return right


@pytest.mark.stress
def test_random_reads_and_maps_by_many_are_those_of_the_original(mounted: Mounted, checks: object) -> None:
    number = amount(40, 2000)
    places = [(str(mounted.version / "demo/large.bin"), seed, number) for seed in range(8)]
    with ProcessPoolExecutor(8) as pool:
        assert list(pool.map(_read_here_and_there, places)) == [number] * 8
    checks.add(8 * number)  # type: ignore[attr-defined]


def test_a_drive_that_is_killed_while_parts_are_here_is_mounted_again_and_leaves_nothing(mounted: Mounted) -> None:
    file = os.open(mounted.version / "demo/large.bin", os.O_RDONLY)
    assert os.pread(file, 10, FRAME) == LARGE[FRAME : FRAME + 10]
    assert len(mounted.partial()) == 1
    pid = mounted.drive.pid
    mounted.drive.kill()
    wait_until(lambda: not Path("/proc", str(pid)).exists())  # not even as a zombie
    with suppress(OSError):
        os.close(file)
    mounted.drive.mount("--all")
    assert (mounted.version / "demo/large.bin").read_bytes() == LARGE
    wait_until(lambda: mounted.partial() == [])


def test_a_drive_that_is_unmounted_leaves_no_parts_behind(mounted: Mounted) -> None:
    with open(mounted.version / "demo/large.bin", "rb", buffering=0) as file:
        assert os.pread(file.fileno(), 10, FRAME) == LARGE[FRAME : FRAME + 10]
    assert len(mounted.partial()) == 1
    mounted.drive.umount()
    assert mounted.partial() == []


def error_of(path: Path) -> str:
    with pytest.raises(OSError) as caught:
        path.read_bytes()
    return errno.errorcode[caught.value.errno or 0]


def test_an_outage_is_an_error_for_what_is_not_here_and_heals_by_itself(
    drives: Callable[..., Drive], remote: User, proxy: FaultProxy
) -> None:
    drive = drives(remote)
    drive.mount("--all")
    known, unknown = (drive.folder / "projects" / "badone" / version / "badone" for version in ("1.0", "2.0"))
    assert (known / "__init__.py").read_text() == "version = '1.0'\n"
    proxy.fail(Reset(), nth=None)
    assert error_of(known / "late/inner.py") == "EIO"
    assert error_of(unknown / "__init__.py") == "EIO"
    assert (known / "__init__.py").read_text() == "version = '1.0'\n"
    assert (known / "late/inner.py").stat().st_size > BULK
    proxy.heal()
    assert len((known / "late/inner.py").read_bytes()) > BULK
    assert (unknown / "__init__.py").read_text() == "version = '2.0'\n"
    assert "cannot be reached" in drive.log.read_text()


SOURCE = """
#include <stdio.h>
#include <stdlib.h>
extern const unsigned char first[], last[];
__asm__(".section .rodata\\nfirst: .incbin \\"filler\\"\\nlast:\\n");
int main(int argc, char **argv) {
    unsigned sum = 0;
    for (int n = 1; n < argc; n++) sum += first[atol(argv[n])];
    printf("%ld %u\\n", (long)(last - first), sum);
}
"""


@pytest.mark.skipif(not Path("/usr/bin/cc").exists(), reason="there is no C compiler")
def test_a_binary_of_100_mb_starts_after_the_parts_that_it_touches(mounted: Mounted, tmp_path: Path) -> None:
    size, frame = 100 << 20, 4 << 20
    filler = random.Random(6).randbytes(size >> 4) * 16
    (tmp_path / "filler").write_bytes(filler)
    (tmp_path / "big.c").write_text(SOURCE)
    subprocess.run(["/usr/bin/cc", "big.c", "-o", "big"], cwd=tmp_path, check=True)
    put(
        mounted.store,
        Wheel("big", files={"data/bin/big": (tmp_path / "big").read_bytes()}, modes={"data/bin/big": 0o755}),
    )
    places = [50 << 20, 51 << 20]
    assert tool(mounted.projects / "big/1.0/bin/big", *places) == f"{size} {sum(filler[p] for p in places)}\n"
    [here] = mounted.partial()
    # Its beginning, its end (symbols, data), and where it looked: a read may lie across two frames, and one read
    # ahead of the kernel's reaches into the next.
    assert here.st_blocks * 512 <= 6 * frame + (1 << 20)


def test_real_wheels_are_as_they_are_installed(real: tuple[Drive, Path]) -> None:
    drive, filled = real
    site = next(filled.glob("lib/python3*/site-packages"))
    compared = 0
    for project in (drive.folder / "projects").iterdir():
        for version in project.iterdir():
            for path in sorted(walk(version)):
                installed = site / path if not path.startswith(("bin", "include", "share")) else filled / path
                if (version / path).is_dir() or path.startswith("bin/") or compared % amount(20, 1):
                    compared += 1
                    continue
                if installed.exists() and (site / f"{project.name}-{version.name}.dist-info").exists():
                    shown, theirs = facts_of(version / path), facts_of(installed)
                    if installed.stat().st_nlink > 1:  # with the time of another project that has the same content
                        shown = shown._replace(mtime=theirs.mtime)
                    assert shown == theirs, path
                compared += 1
    assert compared > 1000
