"""A shelf that takes its time: what is waited for is said while it lasts, nothing of it stays, and Ctrl-C ends it."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tools.fault_proxy import Fault, FaultProxy

from ..faces.test_kernel import Kernel
from .conftest import User

LONGEST = 60.0  # seconds that a request is held back when nothing is shown


class Hold(Fault):
    """The request waits until ``release`` is set."""

    def __init__(self) -> None:
        self.release = threading.Event()

    def before(self, handler: object) -> None:
        self.release.wait(LONGEST)


class Watched:
    """Runs a cell, and does something as soon as progress is shown."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.pictures: list[dict[str, str]] = []  # each state of a display that was a progress bar once
        self.kinds: set[str] = set()

    def run(self, code: str, when_shown: Any) -> str:
        bars: set[str] = set()

        def take(message: dict[str, Any]) -> None:
            self.kinds.add(message["msg_type"])
            content = message["content"]
            name = content.get("transient", {}).get("display_id", "")
            if "<progress" in content.get("data", {}).get("text/html", ""):
                bars.add(name)
            if name in bars:
                self.pictures.append(content["data"])
                if len(self.pictures) == 1:
                    when_shown()

        client = self.kernel.client
        reply = client.execute_interactive(code, timeout=2 * LONGEST, output_hook=take, allow_stdin=False)
        return str(reply["content"]["status"])


@pytest.fixture
def kernel(remote: User) -> Iterator[Kernel]:
    running = Kernel(remote.environ | {"CLOUDSHELF_TIMEOUT": "120"})
    shown = running("%load_ext cloudshelf")
    assert shown.status == "ok", shown.error
    yield running
    running.stop()


@pytest.mark.parametrize(
    ("before", "code", "path", "says"),
    [
        ("", "%shelf use badone==1.0", "/projects/badone/head", r"resolving: [\d.]+ m?s"),
        ("", "%shelf ls badone", "/projects/badone/head", r"ls: [\d.]+ m?s"),
        ("%shelf use badone==1.0", "import badone", "/pack", r"importing badone: waiting for \d files?, .* of .*B, "),
        ("", "import badone", "/projects/badone/head", r"looking for badone: [\d.]+ m?s"),
    ],
)
def test_what_takes_more_than_a_second_says_what_how_much_and_how_long_and_nothing_of_it_stays(
    kernel: Kernel, proxy: FaultProxy, before: str, code: str, path: str, says: str
) -> None:
    kernel(before)
    kernel("import sys; had = {m for m in sys.modules if 'widget' in m}")
    hold, cell = Hold(), Watched(kernel)
    proxy.fail(hold, path=path)
    assert cell.run(code, hold.release.set) == "ok"
    assert re.match(says, cell.pictures[0]["text/plain"]), cell.pictures
    assert cell.pictures[-1] == {"text/plain": "", "text/html": ""}
    assert "comm_open" not in cell.kinds
    assert kernel("print({m for m in sys.modules if 'widget' in m} - had)").text == "set()\n"


def test_ctrl_c_takes_the_bar_away_and_everything_goes_on(kernel: Kernel, proxy: FaultProxy) -> None:
    hold, cell = Hold(), Watched(kernel)
    proxy.fail(hold, path="/projects/badone/head")
    assert cell.run("%shelf use badone==1.0", kernel.manager.interrupt_kernel) == "error"
    hold.release.set()
    assert cell.pictures[-1] == {"text/plain": "", "text/html": ""}
    assert kernel("%shelf use badone==1.0\nimport badone; print(badone.version)").text.endswith("1.0\n")


def test_the_command_shows_a_bar_in_a_terminal_and_ctrl_c_ends_it_with_one_line(
    remote: User, proxy: FaultProxy
) -> None:
    hold = Hold()
    proxy.fail(hold, path="/projects/badone/head")
    reader, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (25, 80))
    process = subprocess.Popen(
        [sys.executable, "-m", "cloudshelf", "run", "--with", "badone", "--", "python", "-c", "print('ran')"],
        env=remote.environ | {"CLOUDSHELF_TIMEOUT": "120", "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    said = ""
    while "resolving" not in said:  # the suite's time limit ends this
        said += os.read(reader, 1000).decode()
    process.send_signal(signal.SIGINT)
    hold.release.set()
    assert process.wait(LONGEST) == 130
    said += os.read(reader, 4000).decode()
    os.close(reader)
    assert said.count("interrupted; running it again continues") == 1 and "Traceback" not in said
    assert "ran" in remote.run("run", "--with", "badone", "--", "python", "-c", "print('ran')").stdout


LOST = """
import os, signal
from cloudshelf.command import interrupts

class Finalized:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)

interrupts.watch()
interrupts.check()
Finalized()
try:
    interrupts.check()
except KeyboardInterrupt:
    print("heard")
"""


def test_ctrl_c_that_comes_where_python_loses_it_is_heard_all_the_same() -> None:
    done = subprocess.run([sys.executable, "-c", LOST], capture_output=True, text=True, check=False)
    assert "Exception ignored in" in done.stderr and "KeyboardInterrupt" in done.stderr
    assert done.stdout == "heard\n"
