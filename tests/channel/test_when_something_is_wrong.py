"""No shelf, a wrong one, one that does not answer, a cache that is gone: the panel says so, and goes on."""

import pytest

from tests.bad_input.conftest import proxy, published, remote, server, uploaded, users  # noqa: F401  (fixtures)
from tests.bad_input.test_slow import Hold
from tests.faces.test_kernel import Kernel

from .front_end import FrontEnd


@pytest.fixture
def start(settings, shelf):
    """Starts kernels with other settings; a panel of each."""
    started = []

    def start(environ):
        kernel = Kernel(environ)
        kernel("%load_ext cloudshelf")
        started.append(FrontEnd(kernel))
        return started[-1].open()

    yield start
    for front_end in started:
        front_end.stop()
        front_end.kernel.stop()


def test_without_a_shelf_the_panel_says_how_to_get_one(start, settings):
    panel = start({name: value for name, value in settings.items() if name != "CLOUDSHELF_URL"})
    panel.wait(lambda state: state["shelf"] is None and state["problem"] is None)
    error = panel.ask("use", requirements=["shelfone"])["error"]
    assert error["name"] == "NoShelf" and "%shelf connect" in error["message"]


def test_a_wrong_setting_is_a_sentence(start, settings):
    panel = start(settings | {"CLOUDSHELF_URL": "ftp://secret@host/shelf"})
    panel.wait(lambda state: state["problem"])
    assert panel.state["shelf"] is None and "CLOUDSHELF_URL" in panel.state["problem"]
    assert "secret" not in str(panel.messages)


def test_a_shelf_that_is_not_there_has_no_name(start, settings, tmp_path):
    panel = start(settings | {"CLOUDSHELF_URL": f"file://{tmp_path}/nothing"})
    assert panel.ask("use", requirements=["shelfone"])["error"]["name"] == "ShelfMissing"
    assert panel.state["shelf"] == {"url": f"file://{tmp_path}/nothing", "name": ""}


def test_a_shelf_that_does_not_answer_keeps_nobody_waiting_for_the_state(start, remote, proxy):  # noqa: F811
    hold = Hold()
    proxy.fail(hold, path="/shelf.json", nth=None)
    panel = start(remote.environ | {"CLOUDSHELF_TIMEOUT": "120"})
    panel.wait(lambda state: state["shelf"])
    assert panel.ask("history")["ok"]
    hold.release.set()
    panel.wait(lambda state: state["shelf"]["name"])


def test_the_cache_may_be_cleared_under_an_open_panel(kernel, front_end, fresh):
    panel = front_end.open()
    panel.ask("use", requirements=[fresh])
    assert "Freed" in kernel("%shelf cache clear").text
    assert panel.ask("use", requirements=[fresh, "shelfone"])["ok"]
    assert kernel(f"import {fresh}; print({fresh}.__name__)").text == f"{fresh}\n"
    panel.wait(lambda state: [pin["loaded"] for pin in state["pins"]] == [[fresh], []])


def test_an_environment_that_cannot_be_read_is_a_problem_until_the_pins_are_others(kernel, front_end, fresh):
    kernel(f"%shelf use {fresh}")
    kernel("import cloudshelf, pathlib; e = pathlib.Path(cloudshelf.status()['environment'], '.cloudshelf')")
    kernel("(e / 'index').rename(e / 'away')")
    panel = front_end.open()
    panel.wait(lambda state: state["problem"] and state["pins"] == [])
    kernel("(e / 'away').rename(e / 'index')")
    panel.ask("use", requirements=["shelfone"])
    panel.wait(lambda state: state["problem"] is None and len(state["pins"]) == 2)


def test_an_error_that_nobody_foresaw_is_a_reply_too(kernel, front_end):
    panel = front_end.open()
    kernel("import cloudshelf.session; cloudshelf.session.current().history = None")
    error = panel.ask("history")["error"]
    assert error["name"] == "TypeError" and "not callable" in error["message"]
    assert "stream" not in {message["msg_type"] for message in front_end.others}, "it is in the kernel's log"
    assert panel.ask("use", requirements=["shelfone"])["ok"]
