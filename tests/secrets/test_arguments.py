"""What is typed after %shelf is words: no shell, no Python, no variable of the notebook ever sees it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from tests.channel.front_end import FrontEnd
from tests.faces.test_kernel import Kernel

from .conftest import Person

# Each would make the file MARK if anybody ran it; {{…}} and $… are IPython's own expansions.
PAYLOADS = (
    "$(touch MARK)",
    "`touch MARK`",
    "; touch MARK",
    "| touch MARK",
    "&& touch MARK",
    "> MARK",
    "'; touch MARK; '",
    '"; touch MARK; "',
    "{__import__('os').system('touch MARK')}",
    "{{__import__('os').system('touch MARK')}}",
    "$__import__('os').system('touch MARK')",
    "$command",
    "{command}",
    "\n!touch MARK",
    "\n__import__('os').system('touch MARK')",
    "\r!touch MARK",
    "\x0b!touch MARK",
    "\u2028!touch MARK",
    "\\\n!touch MARK",
    "#\n!touch MARK",
    "x @ file:///dev/null; touch MARK",
    "x; python_version < __import__('os').system('touch MARK')",
    'x; os_name == "$(touch MARK)"',
    "--index-url=$(touch MARK)",
    "-r $(touch MARK)",
    "--shelf=$(touch MARK)",
    "\ud800",
    "\x00",
)
VERBS = ("use", "drop", "ls", "show", "search", "why", "lock", "sync", "connect", "diff", "log", "request", "profile")


@pytest.fixture(scope="module")
def kernel(person: Callable[[str], Person]) -> Iterator[Kernel]:
    somebody = person("all is well")
    running = Kernel(somebody.environ)
    running.home = somebody.home
    assert running("%load_ext cloudshelf\ncommand = 'touch MARK'").status == "ok"
    yield running
    running.stop()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("verb", VERBS)
def test_the_words_of_a_magic_are_run_by_nobody(kernel: Kernel, verb: str) -> None:
    """In a line, in quotes, and in a cell: as one runs them by name, past what a line of a notebook can hold."""
    calls = []
    for payload in PAYLOADS:
        for words in (payload, f'"{payload}"', f"'{payload}'", f"shelfone {payload}"):
            calls += [("run_line_magic", ["shelf", f"{verb} {words}"])]
        if verb in ("use", "lock"):
            calls.append(("run_cell_magic", ["shelf", verb, payload]))
    _run(kernel, calls)
    assert not list(kernel.home.rglob("MARK"))


def test_the_suite_would_see_a_word_that_is_run(kernel: Kernel) -> None:
    _run(kernel, [("run_line_magic", ["sx", "touch MARK"])])
    (made,) = kernel.home.rglob("MARK")
    made.unlink()


@pytest.mark.timeout(300)
def test_what_a_panel_asks_for_is_run_by_nobody(kernel: Kernel) -> None:
    front_end = FrontEnd(kernel)
    panel = front_end.open()
    panel.wait(lambda state: state)
    for payload in PAYLOADS:
        panel.ask("plan", requirements=[payload])
        panel.ask("use", requirements=[f"shelfone{payload}"])
        panel.ask("drop", projects=[payload])
        panel.ask("wish", requirements=[payload])
        panel.ask("restore", block={"lock": [payload]}, path=payload)
        panel.ask("connect", url=payload)
        panel.request("notebook", block={"lock": payload}, path=payload)
    panel.ask("wish", requirements=[])
    front_end.stop()
    assert not list(kernel.home.rglob("MARK"))


def _run(kernel: Kernel, calls: list[tuple[str, list[str]]]) -> None:
    """All of them in one cell; whatever each raises is of no interest here."""
    code = (
        "import json\nfor name, args in json.loads(%r):\n    try:\n        getattr(get_ipython(), name)(*args)\n"
        "    except BaseException:\n        pass"
    )
    ran = kernel(code % json.dumps(calls))
    assert ran.status == "ok", ran.error
