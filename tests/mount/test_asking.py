"""What the kernel asks for, counted: most of what an import waits for through a drive is waiting for answers."""

from __future__ import annotations

import collections
import errno
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from cloudshelf.mount.filesystem import FileSystem
from cloudshelf.mount.kernel.device import open_mount
from cloudshelf.mount.kernel.foresight import foresee
from cloudshelf.mount.kernel.protocol import Operation
from cloudshelf.mount.kernel.session import Session
from cloudshelf.mount.mountpoint import detach
from cloudshelf.mount.view import Entry, Opened

from .drives import needs_fuse

pytestmark = [needs_fuse, pytest.mark.timeout(300)]
PACKAGES = ("one", "one/inner", "two")
CODE = "import one.inner.leaf, two.leaf"
IOCTL = 39  # by which Python asks whether a file is a terminal, up to 3.12
FOLDERS = {Operation.OPENDIR, Operation.RELEASEDIR}
ONCE = {14, 25}  # OPEN and FLUSH, of which the kernel hears that they are not needed


class File:
    def __init__(self, path: Path) -> None:
        self.content = path.read_bytes()

    def read(self, offset: int, size: int) -> bytes:
        return self.content[offset : offset + size]

    def close(self) -> None:
        pass


class Tree:
    """A ``View`` of a folder of the disk."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def entry(self, path: str) -> Entry | None:
        place = self.root / path
        if not place.exists():
            return None
        status = place.stat()
        return Entry("d" if place.is_dir() else "f", status.st_mode & 0o777, status.st_size, int(status.st_mtime))

    def names(self, path: str) -> Iterable[tuple[str, Entry]]:
        for each in sorted((self.root / path).iterdir()):
            entry = self.entry(str(each.relative_to(self.root)))
            assert entry is not None
            yield each.name, entry

    def is_fixed(self, path: str) -> bool:
        return True

    def open(self, path: str) -> Opened:
        return File(self.root / path)


class Mount:
    """``tree`` as the folder ``env`` of a mount that this process answers; what the kernel asked for."""

    def __init__(self, tree: Path, directory: Path) -> None:
        self.tree, self.directory = tree, directory
        directory.mkdir()
        descriptor = open_mount(str(directory), source="test", kind="cloudshelf")
        self.session = Session(FileSystem({"env": Tree(tree)}), descriptor, most_open=1000)
        self.asked: collections.Counter[int] = collections.Counter()
        self.asking: set[int] = set()  # processes
        answer = self.session._dispatcher._answer

        def counted(data: memoryview) -> None:
            self.asked[int.from_bytes(data[4:8], sys.byteorder)] += 1
            self.asking.add(int.from_bytes(data[32:36], sys.byteorder))
            answer(data)

        self.session._dispatcher._answer = counted
        self.session.begin()

    def run(self, code: str = CODE) -> collections.Counter[int]:
        """What the kernel asks for while a Python with nothing of ours runs ``code``, but for ``IOCTL``."""
        self.asked.clear()
        environ = {"PYTHONPATH": str(self.directory / "env"), "PATH": os.environ["PATH"]}
        subprocess.run([sys._base_executable, "-S", "-c", code], env=environ, check=True, timeout=60, cwd="/")
        settle(self.asked)
        return collections.Counter({kind: n for kind, n in self.asked.items() if kind != IOCTL})

    def expected(self) -> list[str]:
        return [str(path.relative_to(self.tree)) for path in sorted(self.tree.rglob("*.py*")) if path.is_file()]


def settle(asked: collections.Counter[int]) -> None:
    """RELEASEDIR comes after the program that closed the folder has gone on."""
    for _ in range(200):
        if asked[Operation.OPENDIR] == asked[Operation.RELEASEDIR]:
            return
        threading.Event().wait(0.01)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Packages of modules, compiled."""
    root = tmp_path / "tree"
    for package in PACKAGES:
        (root / package).mkdir(parents=True)
        (root / package / "__init__.py").write_text(f"name = {package!r}\n")
        (root / package / "leaf.py").write_text("import os\nvalues = list(range(1000))\n")
    subprocess.run([sys._base_executable, "-m", "compileall", "-q", str(root)], check=True)
    return root


@pytest.fixture
def mount(tree: Path, tmp_path: Path) -> Iterator[Mount]:
    made = Mount(tree, tmp_path / "drive")
    yield made
    made.session.end()
    detach(str(made.directory))


def test_a_second_import_asks_for_nothing_but_to_look_into_folders(mount: Mount) -> None:
    first, second = mount.run(), mount.run()
    assert first[Operation.READ] >= 5
    assert set(second) <= FOLDERS, second


def test_what_is_foreseen_is_not_asked_for_by_the_first_import(mount: Mount) -> None:
    foresee(mount.session, str(mount.directory), "env", mount.expected())
    assert set(mount.run()) <= FOLDERS | ONCE, mount.asked


def test_contents_that_are_foreseen_are_those_of_the_files(mount: Mount) -> None:
    foresee(mount.session, str(mount.directory), "env", mount.expected())
    mount.asked.clear()
    for path in mount.expected():
        assert (mount.directory / "env" / path).read_bytes() == (mount.tree / path).read_bytes()
    assert not mount.asked[Operation.READ]


def test_no_more_is_foreseen_than_the_kernel_shall_keep(mount: Mount) -> None:
    """One file may be larger than all that: it is not even read, and what comes after it still is."""
    with open(mount.tree / "one/large.so", "wb") as file:
        file.truncate(5 << 30)
    foresee(mount.session, str(mount.directory), "env", ["one/large.so", *mount.expected()])
    assert len(mount.session._open) == len(mount.expected())
    assert set(mount.run()) <= FOLDERS | ONCE


def test_who_answers_never_asks_and_so_can_be_killed_at_any_time(mount: Mount) -> None:
    """A process that is killed while it waits for its own answer stays for ever, and so does the mount."""
    mount.asking.clear()
    foresee(mount.session, str(mount.directory), "env", mount.expected())
    assert mount.asking and os.getpid() not in mount.asking


def test_who_asks_while_it_ends_is_answered(mount: Mount) -> None:
    mount.session.end()
    mount.session.wait()
    for _ in range(3):
        names = mount.run("import os, sys; print(os.listdir(sys.path[1]), os.listdir(sys.path[1] + '/one'))")
    assert not set(names) - FOLDERS


def test_where_no_thread_can_be_started_it_goes_on_with_those_that_there_are(
    mount: Mount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    open_file, tried = mount.session._files.open, threading.Event()

    def open_late(path: str) -> Opened:
        assert tried.wait(60)
        return open_file(path)

    pass_on = mount.session._dispatcher._pass_on

    def try_to_pass_on() -> None:
        try:
            pass_on()
        finally:
            tried.set()

    monkeypatch.setattr(mount.session._files, "open", open_late)
    monkeypatch.setattr(mount.session._dispatcher, "_pass_on", try_to_pass_on)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        for path in mount.expected():
            tried.clear()
            command = ["cat", f"{mount.directory}/env/{path}"]
            read = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=60)
            assert read.stdout == (mount.tree / path).read_bytes()


def test_a_request_that_cannot_be_made_sense_of_is_not_the_end(mount: Mount, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one of which no answer is expected: nobody would be told, and nobody read on."""
    answer, failed = mount.session._dispatcher._answer, threading.Event()

    def fail_after(data: memoryview) -> None:
        answer(data)
        failed.set()
        raise ValueError("what is this?")

    monkeypatch.setattr(mount.session._dispatcher, "_answer", fail_after)
    mount.run()
    assert failed.is_set() and not mount.session._dispatcher._over.is_set()


def test_where_no_process_can_be_started_nothing_is_foreseen(mount: Mount, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError(errno.EAGAIN, "no more processes")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fork", refuse)
        foresee(mount.session, str(mount.directory), "env", mount.expected())
    assert mount.run()[Operation.READ] >= 5


def test_what_is_foreseen_and_cannot_be_read_harms_nothing(mount: Mount) -> None:
    foresee(mount.session, str(mount.directory), "env", ["one/gone.py", "gone/leaf.py", *mount.expected()])
    assert set(mount.run()) <= FOLDERS | ONCE


def test_after_renewal_every_file_is_asked_for_anew_and_who_has_one_open_reads_on(mount: Mount) -> None:
    place = mount.directory / "env/one/leaf.py"
    with open(place, "rb", buffering=0) as early:
        before = early.read()
        (mount.tree / "one/leaf.py").write_text("other\n" + " " * (len(before) - 6))
        assert place.read_bytes() == before  # the kernel has it
        mount.session.renew()
        assert place.read_bytes().startswith(b"other")
        early.seek(0)
        os.posix_fadvise(early.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        assert early.read() == before


def test_renewal_is_about_what_was_read_and_not_every_name_that_was_listed(mount: Mount) -> None:
    """There may be ten thousands of those, and for each the kernel waits until nobody looks into its folder."""
    assert list((mount.directory / "env/two").iterdir())
    (mount.directory / "env/one/leaf.py").read_bytes()
    assert [name for _, name in mount.session._nodes.renew()] == [b"leaf.py"]


def test_a_file_that_the_kernel_forgets_is_closed(mount: Mount) -> None:
    place = mount.directory / "env/one/leaf.py"
    place.read_bytes()
    assert len(mount.session._open) == 1
    mount.session._forget(mount.session._nodes.find("/env/one/leaf.py") or 0, 10**6)
    assert len(mount.session._open) == 0
    assert place.stat().st_size  # the kernel still has its attributes
