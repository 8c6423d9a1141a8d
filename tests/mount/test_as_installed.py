"""To a program the drive is what an environment with every file in it is, although nothing is here at first."""

from __future__ import annotations

import hashlib
import mmap
import os
import random
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cloudshelf.importing.activate import OWN_PTH
from tests.stress import amount

from .drives import SITE, Drive, facts_of, needs_fuse, walk

pytestmark = [needs_fuse, pytest.mark.xdist_group("notebooks"), pytest.mark.timeout(600)]
OURS = {".cloudshelf", f"{SITE}/{OWN_PTH}"}  # what makes an environment fill itself; a drive has no need of it


def is_ours(path: str) -> bool:
    return path in OURS or path.startswith(".cloudshelf/")


def test_every_path_is_there_and_no_other(real: tuple[Drive, Path]) -> None:
    drive, filled = real
    assert sorted(walk(drive.env)) == sorted(path for path in walk(filled) if not is_ours(path))


def test_every_file_is_the_same_byte_for_byte_mode_for_mode_and_link_for_link(real: tuple[Drive, Path]) -> None:
    drive, filled = real
    paths = [path for path in walk(filled) if not is_ours(path)]
    assert len({path.split("/")[3] for path in paths if path.endswith(".dist-info")}) >= 10  # real wheels
    differ = []
    for path in paths:
        ours, theirs = facts_of(drive.env / path), facts_of(filled / path)
        if path.endswith(("pyvenv.cfg", "/top_level.txt")) or (filled / path).lstat().st_nlink > 1:
            ours = ours._replace(mtime=theirs.mtime)  # of when it was built; of another project with the same content
        if ours != theirs and not is_relocated(drive, filled, path):
            differ.append((path, ours, theirs))
    assert differ == [], [path for path, *_ in differ]


def is_relocated(drive: Drive, filled: Path, path: str) -> bool:
    """Whether a file names the environment's place, and ours is the same text with its own place in it."""
    if not path.startswith("bin/") or (drive.env / path).stat().st_mode != (filled / path).stat().st_mode:
        return False
    ours, theirs = (drive.env / path).read_bytes(), (filled / path).read_bytes()
    if str(filled).encode() not in theirs or len(ours) != (drive.env / path).stat().st_size:
        return False
    return plain(ours, drive.env) == plain(theirs, filled)


def plain(script: bytes, root: Path) -> bytes:
    """A script without the lines that start its interpreter."""
    lines = script.replace(os.fsencode(root), b"ROOT").splitlines()
    return b"\n".join(line for line in lines if not line.startswith((b"#!", b"'''exec'", b"' '''")))


def test_times_are_those_of_the_lock_on_every_machine(real: tuple[Drive, Path]) -> None:
    drive, filled = real
    for path in ("numpy/__init__.py", "pandas/__init__.py"):
        assert int((drive.site / path).stat().st_mtime) == int((filled / SITE / path).stat().st_mtime)


def test_a_python_with_nothing_of_ours_imports_from_it(real: tuple[Drive, Path]) -> None:
    drive, _ = real
    code = """
import sys, numpy, pandas
assert not [name for name in sys.modules if "cloudshelf" in name], sys.modules
print(numpy.__file__); print(pandas.DataFrame({"a": numpy.arange(4)})["a"].sum())
"""
    done = drive.python(code)
    assert done.stdout.split() == [str(drive.site / "numpy/__init__.py"), "6"], done.stderr


def test_metadata_and_resources_are_found_in_it(real: tuple[Drive, Path]) -> None:
    drive, _ = real
    code = """
from importlib import metadata, resources
print(metadata.version("pandas"), len(metadata.files("humanize")) > 10)
print(all(file.locate().exists() for file in metadata.files("humanize") if ".." not in str(file)))
print(resources.files("matplotlib").joinpath("mpl-data/matplotlibrc").is_file())
"""
    assert drive.python(code).stdout.split()[1:] == ["True", "True", "True"]


def test_a_script_of_its_bin_runs_from_where_it_is_mounted(real: tuple[Drive, Path]) -> None:
    drive, _ = real
    environ = {k: v for k, v in drive.user.environ.items() if not k.startswith("CLOUDSHELF")}
    done = subprocess.run([drive.env / "bin/f2py", "-v"], env=environ, capture_output=True, text=True, check=True)
    script = (drive.env / "bin/f2py").read_text()
    assert str(drive.env / "bin/python") in script and str(drive.user.cache) not in script
    expected = drive.python("import numpy; print(numpy.__version__)")
    assert done.stdout == expected.stdout


def test_its_own_python_has_it_as_its_prefix_and_nothing_of_ours(real: tuple[Drive, Path]) -> None:
    drive, _ = real
    code = "import sys, humanize; print(sys.prefix, [n for n in sys.modules if 'cloudshelf' in n], humanize.__file__)"
    done = subprocess.run([drive.env / "bin/python", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(drive.env), "[]", str(drive.site / "humanize/__init__.py")]


def test_a_child_of_fork_and_one_of_spawn_import_from_it(real: tuple[Drive, Path]) -> None:
    drive, _ = real
    code = """
import multiprocessing, os, numpy
if pid := os.fork():
    assert os.waitpid(pid, 0)[1] == 0
else:
    import pandas.io.json
    os._exit(0)
"""
    assert drive.python(code).returncode == 0


def test_a_file_can_be_mapped(real: tuple[Drive, Path]) -> None:
    drive, filled = real
    largest = max(
        (path for path in walk(filled / SITE) if path.endswith(".so")), key=lambda p: (filled / SITE / p).stat().st_size
    )
    with open(drive.site / largest, "rb") as ours, mmap.mmap(ours.fileno(), 0, prot=mmap.PROT_READ) as content:
        assert hashlib.sha256(content).digest() == hashlib.sha256((filled / SITE / largest).read_bytes()).digest()


@pytest.mark.stress
def test_random_reads_are_those_of_the_original(real: tuple[Drive, Path], checks: Any) -> None:
    """As fsx does for one file, for many: positions and lengths at random, by several ways of reading."""
    drive, filled = real
    chance = random.Random(7)
    files = sorted(p for p in walk(filled / SITE) if f"{SITE}/{p}" not in OURS and (filled / SITE / p).is_file())
    for _ in range(amount(300, 20_000)):
        path = chance.choice(files)
        size = (filled / SITE / path).stat().st_size
        start, length = chance.randrange(size + 2), chance.choice((1, 4095, 4096, 4097, 70_000, 1 << 20))
        with open(drive.site / path, "rb", buffering=0) as ours, open(filled / SITE / path, "rb") as theirs:
            assert os.pread(ours.fileno(), length, start) == os.pread(theirs.fileno(), length, start), (path, start)
            ours.seek(start)
            theirs.seek(start)
            assert ours.read(length) == theirs.read(length)
        checks.add()


@pytest.mark.stress
def test_thousands_of_reads_by_many_threads_at_once(real: tuple[Drive, Path], checks: Any) -> None:
    drive, filled = real
    chance = random.Random(11)
    files = [path for path in sorted(walk(filled / SITE)) if path.endswith((".py", ".pyc", ".so"))]
    wanted = chance.choices(files, k=amount(2000, 40_000))
    begin = threading.Barrier(64)

    def read(part: list[str]) -> list[str]:
        begin.wait()
        return [path for path in part if (drive.site / path).read_bytes() != (filled / SITE / path).read_bytes()]

    with ThreadPoolExecutor(64) as pool:
        wrong = [path for found in pool.map(read, [wanted[i::64] for i in range(64)]) for path in found]
    assert wrong == []
    checks.add(len(wanted))


def test_ordinary_tools_look_at_it(real: tuple[Drive, Path]) -> None:
    drive, filled = real
    found = subprocess.run(["find", drive.site / "pandas", "-name", "*.py"], capture_output=True, text=True, check=True)
    assert len(found.stdout.split()) == sum(path.endswith(".py") for path in walk(filled / SITE / "pandas"))
    apparent = ["du", "-s", "-b", "--exclude", "__pycache__"]
    sizes = [
        sum(
            os.lstat(root / SITE / "numpy" / p).st_size
            for p in walk(root / SITE / "numpy")
            if (root / SITE / "numpy" / p).is_file()
        )
        for root in (drive.env, filled)
    ]
    assert sizes[0] == sizes[1]
    subprocess.run([*apparent, drive.site / "numpy"], check=True, capture_output=True)


def test_names_that_a_shell_dislikes_are_files_like_others(real: tuple[Drive, Path]) -> None:
    drive, _ = real
    for name in ("no such file", "-rf", "a'b\"c", "ünï", "x" * 255, "line\nbreak", "\udcff"):
        assert not (drive.env / name).exists()
    assert sys.getfilesystemencoding() == "utf-8"
