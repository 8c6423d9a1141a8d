"""A cell runs and waits for a slow shelf: the panel sees what it waits for, and bytes as they come."""

import pytest

from tests.bad_input.conftest import proxy, published, remote, server, uploaded, users  # noqa: F401  (fixtures)
from tests.bad_input.test_slow import Hold
from tests.faces.test_kernel import Kernel

from .front_end import FrontEnd


@pytest.fixture
def kernel(remote):  # noqa: F811
    """Of a shelf behind a proxy."""
    running = Kernel(remote.environ | {"CLOUDSHELF_TIMEOUT": "120"})
    yield running
    running.stop()


CELLS = [
    ("", "%shelf use badone==1.0", "/projects/badone/head", {"verb": "use", "stage": "resolving"}),
    ("%shelf use badone==1.0", "import badone", "/pack", {"verb": "import", "stage": "importing badone"}),
    ("%shelf use badone==1.0\nimport badone", "%shelf fill", "/pack", {"verb": "fill", "stage": "fill"}),
]


@pytest.mark.parametrize(("before", "code", "path", "busy"), CELLS)
def test_what_a_cell_waits_for_is_seen_while_it_runs(kernel, front_end, proxy, before, code, path, busy):  # noqa: F811
    kernel(before)
    panel, hold = front_end.open(), Hold()
    panel.wait(lambda state: state["busy"] is None)
    proxy.fail(hold, path=path, nth=None)
    cell = front_end.run(code)
    panel.wait(lambda state: state["busy"] and busy.items() <= state["busy"].items())
    fetched = panel.state["totals"]["fetched"]
    assert not front_end.is_done(cell)
    hold.release.set()
    panel.wait(lambda state: state["busy"] is None)
    front_end.wait(lambda: front_end.is_done(cell))
    assert panel.gaps == 0
    if path == "/pack":
        panel.wait(lambda state: state["totals"]["fetched"] > fetched)


WAIT = "import pathlib, time\nwhile not pathlib.Path({!r}).exists():\n    time.sleep(0.05)"


@pytest.mark.parametrize("subshell", [True, False])
def test_bytes_and_modules_are_seen_before_the_cell_ends(kernel, front_end, tmp_path, subshell):
    """Also by a front end that sends nothing by a subshell: what the kernel sends does not wait."""
    other = front_end if subshell else FrontEnd(kernel, subshell=False)
    kernel("%shelf use badone==1.0")
    panel = other.open()
    panel.wait(lambda state: state["pins"])
    fetched = panel.state["totals"]["fetched"]
    cell = other.run(f"import badone\n{WAIT.format(str(tmp_path / 'go'))}")
    panel.wait(lambda state: state["pins"][0]["loaded"] == ["badone"] and state["totals"]["fetched"] > fetched)
    assert panel.pin("badone")["seconds"] > 0
    if subshell:  # still, after a thread of the kernel's has sent something
        assert panel.ask("history")["ok"]
    assert not other.is_done(cell)
    (tmp_path / "go").touch()
    other.wait(lambda: other.is_done(cell))
    if not subshell:
        other.stop()


def test_a_panel_that_is_opened_while_a_cell_runs_gets_the_state_and_is_obeyed(kernel, front_end, tmp_path):
    cell = front_end.run(f"%shelf use badone==1.0\n{WAIT.format(str(tmp_path / 'go'))}")
    panel = front_end.open()
    panel.wait(lambda state: state["pins"])
    assert panel.ask("use", requirements=["badtwo"])["ok"]
    assert sorted(pin["project"] for pin in panel.state["pins"]) == ["badone", "badtwo"]
    assert not front_end.is_done(cell)
    (tmp_path / "go").touch()
    front_end.wait(lambda: front_end.is_done(cell))


def test_who_asks_gets_progress_and_everybody_sees_that_the_kernel_is_busy(kernel, front_end, proxy):  # noqa: F811
    one, two, hold = front_end.open(), front_end.open(), Hold()
    two.wait(lambda state: state)
    proxy.fail(hold, path="/projects/badone/head", nth=None)
    number = one.request("use", requirements=["badone"])
    for panel in (one, two):
        panel.wait(lambda state: state["busy"] and state["busy"]["stage"] == "resolving")
    assert [(told["id"], told["event"]["stage"]) for told in one.progress] == [(number, "resolving")]
    assert two.progress == []
    hold.release.set()
    front_end.wait(lambda: one.replies.get(number))
    assert one.replies[number]["ok"]
    for panel in (one, two):
        panel.wait(lambda state: state["busy"] is None and state["pins"])


def test_an_interrupted_cell_leaves_the_channel_as_it_was(kernel, front_end, proxy):  # noqa: F811
    panel, hold = front_end.open(), Hold()
    panel.wait(lambda state: state)
    proxy.fail(hold, path="/projects/badone/head", nth=None)
    cell = front_end.run("%shelf use badone==1.0")
    panel.wait(lambda state: state["busy"])
    kernel.manager.interrupt_kernel()
    front_end.wait(lambda: front_end.is_done(cell))
    panel.wait(lambda state: state["busy"] is None)
    hold.release.set()
    assert panel.ask("use", requirements=["badone==2.0"])["ok"]
    assert panel.pin("badone")["version"] == "2.0"


def test_a_reload_in_the_middle_of_a_use_finds_the_kernel_busy_and_then_the_pins(kernel, front_end, proxy):  # noqa: F811
    before, hold = front_end.open(), Hold()
    before.wait(lambda state: state)
    proxy.fail(hold, path="/projects/badone/head", nth=None)
    before.request("use", requirements=["badone"])
    before.wait(lambda state: state["busy"])
    before.close()
    after = front_end.open()
    front_end.wait(lambda: after.state)
    assert after.messages[0]["state"]["busy"]["verb"] == "use"
    hold.release.set()
    after.wait(lambda state: state["pins"] and state["busy"] is None)


@pytest.mark.parametrize(("before", "code", "path", "busy"), CELLS)
def test_a_page_that_is_new_gets_the_state_while_a_cell_waits(kernel, front_end, proxy, before, code, path, busy):  # noqa: F811
    kernel(before)
    earlier, new, hold = front_end.open(), FrontEnd(kernel, subshell=False), Hold()
    proxy.fail(hold, path=path, nth=None)
    cell = front_end.run(code)
    earlier.wait(lambda state: state["busy"] and busy.items() <= state["busy"].items())
    new.create_subshell()
    panel = new.open()
    panel.wait(lambda state: state["busy"] and busy.items() <= state["busy"].items())
    assert not front_end.is_done(cell)
    hold.release.set()
    panel.wait(lambda state: state["busy"] is None)
    front_end.wait(lambda: front_end.is_done(cell))
    new.stop()
