"""What recall costs: files that a start opens, requests that it makes, and how long it waits for a shelf."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cloudshelf.cache.turn import take_turn
from cloudshelf.codecs.recall import HEAD
from cloudshelf.importing.blocklist import asking, read_known
from tests.servers import S3Server
from tools.fault_proxy import faulty

from .machines import Machine

SHOW = "import one; print(one.version)"
# Every file of ours that is opened between the .pth file and the program, without Python's own and modules.
OPENED = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
sys.path.insert(0, ENGINE)
from _cloudshelf.importing.activate import activate
activate(ENVIRONMENT)
names = [name.rpartition("/")[2] for name in opened if not name.endswith((".py", ".pyc", ".so"))]
print([name for name in names if not name.isdecimal()])  # a descriptor is no other file
"""


@pytest.fixture
def on_s3(machine: Machine, tmp_path: Path, seaweed_server: S3Server) -> Iterator[tuple[Machine, S3Server]]:
    """A machine whose shelf is in a bucket."""
    from cloudshelf.stores.opening import open_store

    url = f"{seaweed_server.url}/recall-{tmp_path.name}"
    store = open_store(url, environ=seaweed_server.environ())
    folder = tmp_path / "shelf"
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
        store.put_new(path.relative_to(folder).as_posix(), path.read_bytes())
    yield Machine(tmp_path / "remote", url, **seaweed_server.environ()), seaweed_server


def test_a_start_opens_the_pins_and_the_file_about_the_shelf_and_nothing_else_for_recall(filled: Machine) -> None:
    environment = filled.environment("one==1.0")
    engine = next((filled.folder / "cache/engine").iterdir())
    code = f"ENGINE, ENVIRONMENT = {str(engine)!r}, {str(environment)!r}\n{OPENED}"
    done = filled.start([environment / "bin/python", "-S", "-c", code])
    assert done.stdout == f"['pins', {filled.file.name!r}, 'users', 'presence']\n", done.stderr


def test_a_start_loads_no_library_for_recall(filled: Machine) -> None:
    """Neither json nor a socket, as long as the file is young and nothing of the environment is blocked."""
    environment = filled.environment("one==1.0")
    done = filled.python(environment, "import sys; print(sorted({'json', '_socket', 'hashlib'} & set(sys.modules)))")
    assert done.stdout == "[]\n"


def test_of_many_starts_on_an_old_file_one_asks_the_shelf(on_s3: tuple[Machine, S3Server]) -> None:
    machine, server = on_s3
    environment = machine.environment("one==1.0")
    machine("fill", "one==1.0")
    machine("block", "two", "--reason", "a list to ask for")
    with faulty(server.endpoint) as proxy:
        through = server.environ(endpoint=proxy.endpoint)
        machine.age(7200)
        with ThreadPoolExecutor(8) as pool:
            done = list(pool.map(lambda _: machine.python(environment, SHOW, **through), range(8)))
        assert {(each.stdout, each.stderr) for each in done} == {("1.0\n", "")}
        assert proxy.count("GET", HEAD) == 1
        assert proxy.count("GET") <= 3  # shelf.json, too, and once more by a fetcher that begins
        machine.python(environment, SHOW, **through)
        assert proxy.count("GET", HEAD) == 1  # it is young again


def test_the_first_run_of_a_lock_asks_what_is_blocked_once(on_s3: tuple[Machine, S3Server], tmp_path: Path) -> None:
    """By its fetcher, whose first request opens a connection in any case."""
    machine, server = on_s3
    lock = tmp_path / "pylock.toml"
    machine("lock", "one==1.0", "--output", lock)
    for number in range(3):
        with faulty(server.endpoint) as proxy:
            first = Machine(tmp_path / f"first-{number}", machine.shelf, **server.environ(endpoint=proxy.endpoint))
            first("run", "--lock", lock, "--", "true")
            assert proxy.count("GET", "shelf.json") == 1
            assert proxy.count("GET") == 2  # the manifest


def test_what_is_blocked_leaves_nothing_of_a_first_run_behind(machine: Machine, tmp_path: Path) -> None:
    lock = tmp_path / "pylock.toml"
    machine("lock", "one==1.0", "--output", lock)
    machine("block", "one", "--reason", "not for us")
    environ = {"CLOUDSHELF_CACHE": str(tmp_path / "empty")}
    assert "not for us" in machine("run", "--lock", lock, "--", "true", code=1, **environ)
    assert list((tmp_path / "empty/environments").iterdir()) == []


def test_who_dies_with_the_turn_to_ask_leaves_it_to_the_next(machine: Machine, tmp_path: Path) -> None:
    """It is held by a descriptor, which goes where it was passed on, and ends with the last who has it."""
    lock, cache = tmp_path / "pylock.toml", tmp_path / "empty"
    machine("lock", "one==1.0", "--output", lock)
    turn = take_turn(Path(asking(str(cache), machine.shelf)))
    assert turn is not None and take_turn(Path(asking(str(cache), machine.shelf))) is None
    holder = subprocess.Popen(["sleep", "60"], pass_fds=[turn])
    os.close(turn)
    with ThreadPoolExecutor(1) as pool:
        environ = {"CLOUDSHELF_CACHE": str(cache)}
        running = pool.submit(machine, "run", "--lock", lock, "--", "true", **environ)
        time.sleep(0.5)
        holder.kill()
        holder.wait()
        running.result()
    known = read_known(str(cache), machine.shelf)
    assert known is not None and known.is_fresh(time.time())


def test_a_shelf_that_does_not_answer_holds_a_start_up_for_its_deadline_and_once_a_minute(
    on_s3: tuple[Machine, S3Server],
) -> None:
    """It takes connections, and never says a word."""
    machine, server = on_s3
    environment = machine.environment("one==1.0")
    machine("fill", "one==1.0")
    machine.age(7200)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silence = server.environ(endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}")
        first = machine.python(environment, SHOW, **silence)
        assert first.stdout == "1.0\n" and "did not answer within 2 seconds" in first.stderr
        assert machine.known().failed_lately(time.time())
        again = machine.python(environment, SHOW, **silence)
        assert (again.stdout, again.stderr) == ("1.0\n", "")
        refused = machine.python(environment, SHOW, **silence, CLOUDSHELF_RECALL_OFFLINE="refuse")
        assert (refused.returncode, refused.stdout) == (3, "")


def test_a_start_waits_for_no_fetcher_that_cannot_be_started(filled: Machine) -> None:
    """Its installation is gone: a filled environment goes on, and says that it does not know."""
    environment = filled.environment("one==1.1")
    config = environment / ".cloudshelf/config"
    before = config.read_text()
    config.write_text(before.replace(sys.executable, "/nowhere/python"))
    try:
        filled.age(7200)
        done = filled.python(environment, SHOW)
    finally:
        config.write_text(before)
    assert done.stdout == "1.1\n" and "goes on with that" in done.stderr
