"""Messages that no front end of ours sends: one sentence each, and the channel goes on."""

import pytest

REQUEST = {"type": "request", "id": "mine", "verb": "use", "args": {"requirements": ["shelfone"]}}
MESSAGES = {
    "nothing": ({}, "is no request"),
    "a list": ([1], "is no request"),
    "a text": ("use", "is no request"),
    "a number": (3, "is no request"),
    "another type": (REQUEST | {"type": "reply"}, "is no request"),
    "no id": (REQUEST | {"id": None}, 'without an "id"'),
    "an id that is a list": (REQUEST | {"id": [1]}, 'without an "id"'),
    "an id that is no integer of JSON": (REQUEST | {"id": 10**30}, 'without an "id"'),
    "a verb that is none": (REQUEST | {"verb": 3}, '"verb" is no text'),
    "arguments that are a list": (REQUEST | {"args": []}, '"args" are no object'),
    "an unknown verb": (REQUEST | {"verb": "__class__"}, "'__class__'; there is: block, connect"),
    "a requirement in place of a list": (REQUEST | {"args": {"requirements": "six"}}, "a list of at most"),
    "a requirement that is a number": (REQUEST | {"args": {"requirements": [1]}}, "a list of at most"),
    "no requirement": (REQUEST | {"args": {}}, "use needs a requirement"),
    "no project": (REQUEST | {"verb": "drop", "args": {}}, "drop needs a project"),
    "a wrong flag": (REQUEST | {"args": {"requirements": ["shelfone"], "upgrade": 1}}, "true or false"),
    "a wrong count": (REQUEST | {"verb": "profile", "args": {"last": -1}}, "a number from 0 to"),
    "a wrong URL": (REQUEST | {"verb": "connect", "args": {"url": "ftp://x"}}, "is not a kind of shelf"),
    "no block": (REQUEST | {"verb": "restore", "args": {}}, "carries no lock to restore"),
    "nothing pinned": (REQUEST | {"verb": "block", "args": {}}, "Nothing is pinned yet"),
    "nothing to compare": (REQUEST | {"verb": "diff", "args": {}}, "needs two"),
    "a path that is a number": (
        REQUEST | {"verb": "notebook", "args": {"block": None, "path": 1}},
        "a text of at most",
    ),
    "half a character": (REQUEST | {"args": {"requirements": ["\ud800"]}}, "short texts"),
    "an option in place of a requirement": (
        REQUEST | {"args": {"requirements": ["--upgrade"]}},
        "is not a requirement",
    ),
    "a file in place of a requirement": (REQUEST | {"args": {"requirements": ["/etc/passwd"]}}, "is no project's name"),
    "a huge text": (REQUEST | {"args": {"requirements": ["x" * 1_000_000]}}, "short texts"),
    "a huge list": (REQUEST | {"args": {"requirements": ["x"] * 100_000}}, "at most 1000"),
    "a huge lock": (REQUEST | {"verb": "restore", "args": {"block": {"lock": [""] * 300_000}}}, "at most 200000 lines"),
    "a deep message": (REQUEST | {"args": {"requirements": [[[[[[["x"]]]]]]]}}, "short texts"),
}


@pytest.fixture(scope="module")
def panel(shelf, settings):
    from tests.faces.test_kernel import Kernel

    from .front_end import FrontEnd

    kernel = Kernel(settings)
    kernel("%load_ext cloudshelf")
    front_end = FrontEnd(kernel)
    yield front_end.open()
    front_end.stop()
    kernel.stop()


@pytest.mark.parametrize(("message", "says"), MESSAGES.values(), ids=MESSAGES.keys())
def test_a_bad_message_gets_one_sentence_and_the_channel_goes_on(panel, message, says):
    panel.replies.clear()
    panel.say(message)
    panel.front_end.wait(lambda: panel.replies, "a reply")
    ((number, reply),) = panel.replies.items()
    assert number == ("mine" if isinstance(message, dict) and message.get("id") == "mine" else None)
    assert reply["ok"] is False and says in reply["error"]["message"] and "Traceback" not in str(reply)
    assert panel.ask("history")["ok"] and panel.gaps == 0


def test_a_front_end_of_another_version_is_told_and_its_comm_closed(panel):
    other = panel.front_end.open(version=2)
    panel.front_end.wait(lambda: other.closed)
    assert "speaks version 1" in other.replies[None]["error"]["message"] and other.state is None


@pytest.mark.parametrize("data", [[], "1", {"version": None}, {"version": [1]}])
def test_a_comm_that_is_opened_with_nonsense_is_closed(panel, data):
    other = panel.front_end.open()
    other.send("comm_open", data, target_name="cloudshelf.panel", target_module=None)
    panel.front_end.wait(lambda: other.closed)
    assert panel.ask("history")["ok"]


def test_more_requests_than_anybody_can_press_are_refused(panel):
    numbers = [panel.request("plan", requirements=["shelfone"]) for _ in range(150)]
    panel.front_end.wait(lambda: all(number in panel.replies for number in numbers))
    refused = [number for number in numbers if not panel.replies[number]["ok"]]
    assert refused and "ask again later" in panel.replies[refused[0]]["error"]["message"]
