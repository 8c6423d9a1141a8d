"""Nothing that a kernel sends holds a secret of its user: outputs, tracebacks, the panel's messages, locks."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.channel.front_end import FrontEnd
from tests.faces.test_kernel import Kernel
from tests.stress import Checks

from .canaries import leaks, leaks_below
from .conftest import Person
from .situations import TRIED

CELLS = (
    "%load_ext cloudshelf",
    "%shelf doctor",
    "%shelf use shelftwo",
    "import shelftwo",
    "%shelf ls --debug",
    "%shelf traceback",
    "%shelf",
    "%shelf lock pylock.toml",
    "%xmode Verbose",  # tracebacks with the values of variables
    "%shelf show nothing-of-that-name",
    "%shelf traceback",
    "import cloudshelf; cloudshelf.use('shelfone')",
    "import cloudshelf; cloudshelf.status(), cloudshelf.history()",
)
ASKED = (
    ("use", {"requirements": ["shelfone"]}),
    ("plan", {"requirements": ["shelftwo", "nothing-of-that-name"]}),
    ("block", {}),
    ("restore", {"block": {"format": 1, "lock": ["x"], "digest": "y", "shelf": {}}, "path": "a.ipynb"}),
    ("history", {}),
    ("profile", {}),
    ("connect", {"url": ""}),
)


@pytest.mark.stress
@pytest.mark.timeout(300)
@pytest.mark.parametrize("situation", TRIED)
def test_nothing_that_a_kernel_sends_holds_a_secret(
    person: Callable[[str], Person], situation: str, checks: Checks
) -> None:
    somebody = person(situation)
    given = set(somebody.home.rglob("*"))
    kernel = Kernel(somebody.environ)
    front_end = FrontEnd(kernel)
    try:
        panel = None
        for cell in CELLS:
            ran = front_end.run(cell)
            front_end.wait(lambda ran=ran: front_end.is_done(ran), cell)
            panel = panel or front_end.open()
        panel.wait(lambda state: state)
        for verb, args in ASKED:
            panel.ask(verb, **args)
    finally:
        front_end.stop()
        kernel.stop()
    sent = [json.dumps(each, default=str) for each in (*front_end.others, *panel.messages)]
    for each in sent:
        assert not leaks(each), each
        checks.add()
    assert len(sent) > len(CELLS) + len(ASKED)
    assert not leaks_below(somebody.cache)
    assert not leaks_below(somebody.home, but=given)
