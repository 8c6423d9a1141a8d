"""What a panel asked for can be given up: the fetcher stops as it does for everybody who leaves (tests/fetcher)."""

import pytest

from tests.bad_input.conftest import proxy, published, remote, server, uploaded, users  # noqa: F401  (fixtures)
from tests.bad_input.test_slow import Hold
from tests.faces.test_kernel import Kernel


@pytest.fixture
def kernel(remote):  # noqa: F811
    """Of a shelf behind a proxy."""
    running = Kernel(remote.environ | {"CLOUDSHELF_TIMEOUT": "120"})
    yield running
    running.stop()


@pytest.fixture
def held(front_end, proxy):  # noqa: F811
    """A panel whose ``use`` waits for a shelf that says nothing: the panel, the request's number, the hold."""
    panel, hold = front_end.open(), Hold()
    panel.wait(lambda state: state)
    proxy.fail(hold, path="/projects/badone/head", nth=None)
    number = panel.request("use", requirements=["badone"])
    panel.wait(lambda state: state["busy"] and (state["busy"]["verb"], state["busy"]["by"]) == ("use", "panel"))
    yield panel, number, hold
    hold.release.set()


def test_a_cancelled_request_is_answered_and_nothing_is_pinned(front_end, held):
    panel, number, _ = held
    assert panel.ask("cancel")["ok"]
    front_end.wait(lambda: panel.replies.get(number), "the end of what was cancelled")
    error = panel.replies[number]["error"]
    assert (error["name"], error["message"].partition(".")[0]) == ("Interrupted", "Interrupted")
    panel.wait(lambda state: state["busy"] is None and state["pins"] == [])


def test_what_waits_behind_it_never_begins_and_what_comes_later_does(front_end, held):
    panel, number, hold = held
    behind = panel.request("use", requirements=["badtwo"])
    panel.ask("cancel")
    front_end.wait(lambda: number in panel.replies and behind in panel.replies, "both ends")
    assert panel.replies[behind]["error"]["name"] == "Interrupted"
    hold.release.set()
    assert panel.ask("use", requirements=["badone==2.0"])["ok"]
    assert [(pin["project"], pin["version"]) for pin in panel.state["pins"]] == [("badone", "2.0")]


def test_another_tab_may_cancel_it_too(front_end, held):
    panel, number, _ = held
    other = front_end.open()
    other.wait(lambda state: state["busy"])
    other.ask("cancel")
    front_end.wait(lambda: number in panel.replies, "the end of what was cancelled")
    assert not panel.replies[number]["ok"]


def test_a_cancel_of_nothing_changes_nothing(front_end, kernel):
    panel = front_end.open()
    panel.wait(lambda state: state)
    assert panel.ask("cancel")["result"] == {}
    assert panel.ask("use", requirements=["badtwo"])["ok"]
    assert kernel("import badtwo").status == "ok"
