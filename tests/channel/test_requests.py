"""What a panel asks for: each verb of docs/panel-channel.md, and what it answers when it cannot."""

import pytest

from cloudshelf.codecs.notebook import make_block


@pytest.fixture
def panel(front_end):
    opened = front_end.open()
    opened.wait(lambda state: state)
    return opened


def test_use_pins_with_everything_needed_and_the_pins_are_there_when_the_reply_comes(kernel, panel):
    reply = panel.ask("use", requirements=["shelftwo"])
    changes = [(row["project"], row["was"], row["version"], row["why"]) for row in reply["result"]["changes"]]
    assert changes == [("shelfone", None, "1.0", ["shelftwo"]), ("shelftwo", None, "1.0", [])]
    assert [pin["project"] for pin in panel.state["pins"]] == ["shelfone", "shelftwo"]
    assert kernel("import shelftwo; print(shelftwo.shelfone.version)").text == "1.0\n"


def test_drop_takes_what_nobody_else_needs_along(panel):
    panel.ask("use", requirements=["shelftwo", "shelfscript"])
    assert panel.ask("drop", projects=["shelftwo"])["ok"]
    assert [pin["project"] for pin in panel.state["pins"]] == ["shelfscript"]
    error = panel.ask("drop", projects=["shelftwo"])["error"]
    assert (error["name"], error["next"]) == ("UsageError", None) and "was not asked for here" in error["message"]


def test_plan_tells_what_would_change_and_why_and_changes_nothing(panel):
    panel.ask("use", requirements=["shelftwo"])
    before = pinned(panel.state)
    result = panel.ask("plan", requirements=["shelfone==2.0", "shelfscript"])["result"]
    rows = [(row["project"], row["was"], row["version"], row["kind"]) for row in result["changes"]]
    assert rows == [("shelfone", "1.0", "2.0", "version"), ("shelfscript", None, "1.0", "added")]
    assert result["problem"] is None
    assert panel.ask("plan", requirements=["shelfone==9"])["result"]["problem"].count("shelfone") >= 1
    assert pinned(panel.state) == before


def pinned(state):
    """All that a verb could have changed; how much of it was fetched changes by itself."""
    moving = ("present", "fetched", "seconds")
    pins = [{key: value for key, value in pin.items() if key not in moving} for pin in state["pins"]]
    return {key: value for key, value in state.items() if key not in ("seq", "totals", "busy")} | {"pins": pins}


def test_a_version_that_cannot_be_switched_here_is_an_error_that_offers_the_restart(kernel, panel):
    kernel("%shelf use shelfone==1.0\nimport shelfone")
    error = panel.ask("use", requirements=["shelfone==2.0"])["error"]
    assert (error["name"], error["next"]) == ("AlreadyLoaded", "%shelf use --restart shelfone==2.0")
    panel.wait(lambda state: state["restart"] and state["restart"]["requirements"] == ["shelfone==2.0"])
    assert panel.state["restart"]["stored"] is False and "restart" in panel.pin("shelfone")["badges"]
    assert panel.pin("shelfone")["version"] == "1.0"
    assert "already loaded" in panel.ask("plan", requirements=["shelfone==2.0"])["result"]["problem"]
    panel.ask("use", requirements=["shelfscript"])
    panel.wait(lambda state: state["restart"] is None)


def test_what_was_refused_in_a_cell_is_offered_too(kernel, panel):
    kernel("%shelf use shelfone==1.0\nimport shelfone")
    assert kernel("%shelf use shelfone==2.0").status == "error"
    panel.wait(lambda state: state["restart"] and state["restart"]["requirements"] == ["shelfone==2.0"])


def test_a_wish_is_granted_after_the_restart_and_until_then_it_is_seen_by_every_panel(kernel, panel, front_end):
    kernel("%shelf use shelfone==1.0 shelfscript\nimport shelfone")
    assert not panel.ask("wish", requirements=["shelfone==9"])["ok"]
    panel.ask("wish", requirements=["shelfone==2.0"])
    other = front_end.open()
    for each in (panel, other):
        each.wait(lambda state: state["restart"] and state["restart"]["stored"])
        assert each.state["restart"]["requirements"] == ["shelfone==2.0"]
        assert each.pin("shelfone")["badges"] == ["loaded", "restart"] and each.pin("shelfscript")["badges"] == [
            "pinned"
        ]
    kernel.manager.restart_kernel(now=True)
    kernel.client.wait_for_ready(timeout=60)
    kernel("%load_ext cloudshelf")
    again = front_end.open_after_restart()
    again.wait(lambda state: state["restart"] is None and state["requirements"] == ["shelfscript", "shelfone==2.0"])
    assert again.pin("shelfone")["badges"] == ["pinned"]


def test_a_wish_may_be_taken_back(kernel, panel):
    panel.ask("wish", requirements=["shelfone"])
    panel.wait(lambda state: state["restart"])
    panel.ask("wish", requirements=[])
    panel.wait(lambda state: state["restart"] is None)


def test_the_notebooks_lock_is_written_compared_and_restored(kernel, panel):
    panel.ask("use", requirements=["shelfone==2.0"])
    block = panel.ask("block")["result"]["block"]
    panel.ask("notebook", block=block, path="a folder/report.ipynb")
    panel.wait(lambda state: state["notebook"] and state["notebook"]["same"])
    assert panel.state["notebook"] == {"digest": block["digest"], "same": True, "problem": None, "missing": []}
    assert panel.pin("shelfone")["badges"] == ["pinned"]
    panel.ask("use", requirements=["shelfone==1.0", "shelfscript"])
    panel.wait(lambda state: not state["notebook"]["same"])
    assert panel.pin("shelfone")["lock_version"] == "2.0" and "differs" in panel.pin("shelfone")["badges"]
    assert panel.pin("shelfscript")["lock_version"] is None and "differs" in panel.pin("shelfscript")["badges"]
    assert [row["project"] for row in panel.ask("diff", block=block)["result"]["changes"]] == [
        "shelfone",
        "shelfscript",
    ]
    changes = panel.ask("restore", block=block, path="a folder/report.ipynb")["result"]["changes"]
    assert [(row["project"], row["version"]) for row in changes] == [("shelfone", "2.0"), ("shelfscript", None)]
    panel.wait(lambda state: state["notebook"]["same"])
    panel.ask("drop", projects=["shelfone"])
    panel.wait(lambda state: state["notebook"]["missing"] == [{"project": "shelfone", "version": "2.0"}])
    panel.ask("notebook", block=None)
    panel.wait(lambda state: state["notebook"]["digest"] is None)


def test_a_block_that_was_edited_is_a_problem_and_is_restored_only_when_that_is_insisted_on(panel):
    panel.ask("use", requirements=["shelfone==2.0"])
    block = panel.ask("block")["result"]["block"]
    edited = block | {"shelf": block["shelf"] | {"name": "another"}}
    panel.ask("notebook", block=edited, path="report.ipynb")
    panel.wait(lambda state: state["notebook"])
    said = panel.state["notebook"]
    assert (said["digest"], said["same"]) == (None, False) and "report.ipynb was edited" in said["problem"]
    assert panel.pin("shelfone")["lock_version"] is None
    assert "was edited" in panel.ask("restore", block=edited, path="report.ipynb")["error"]["message"]
    assert panel.ask("restore", block=edited, path="report.ipynb", force=True)["ok"]


BLOCKS = {
    "nothing": ({}, "has no format"),
    "a text": ("lock", "has no format"),
    "of a newer version": ({"format": 9}, "9"),
    "without a lock": ({"format": 1, "shelf": {"url": ""}}, "is damaged"),
    "whose lock is no TOML": (make_block("[[", "file:///x"), "no pylock.toml"),
    "whose lock has no packages": (make_block('packages = "x"', "file:///x"), "no pylock.toml"),
    "whose lock has a package without a name": (
        make_block("[[packages]]\nversion = '1'", "file:///x"),
        "no pylock.toml",
    ),
}


def test_a_lock_that_cannot_be_restored_here_is_an_error_without_a_command(kernel, panel):
    panel.ask("use", requirements=["shelfone==2.0"])
    block = panel.ask("block")["result"]["block"]
    panel.ask("use", requirements=["shelfone==1.0"])
    kernel("import shelfone")
    error = panel.ask("restore", block=block)["error"]
    assert (error["name"], error["next"]) == ("AlreadyLoaded", None) and "restart the kernel" in error["message"]


@pytest.mark.parametrize(("block", "says"), BLOCKS.values(), ids=BLOCKS.keys())
def test_a_damaged_block_is_said_and_the_channel_goes_on(panel, block, says):
    assert panel.ask("notebook", block=block)["ok"]
    panel.wait(lambda state: state["notebook"])
    assert says in panel.state["notebook"]["problem"]
    assert not panel.ask("restore", block=block)["ok"]
    assert panel.ask("history")["ok"]


def test_two_panels_may_show_different_notebooks_of_one_kernel(panel, front_end):
    panel.ask("use", requirements=["shelfone==2.0"])
    other = front_end.open()
    other.ask("notebook", block=panel.ask("block")["result"]["block"])
    other.wait(lambda state: state["notebook"] and state["notebook"]["same"])
    panel.ask("state")
    assert panel.state["notebook"] is None


def test_the_picture_of_the_last_imports(kernel, panel, fresh):
    assert panel.ask("profile")["result"]["svg"] is None
    panel.ask("use", requirements=[fresh])
    kernel(f"import {fresh}.part")
    result = panel.ask("profile", last=5)["result"]
    assert [row["module"] for row in result["imports"]] == [fresh, f"{fresh}.part"]
    assert result["svg"].startswith("<svg ") and fresh in result["svg"]


def test_history_tells_what_was_done_in_cells_too(kernel, panel):
    kernel("%shelf use shelfone")
    panel.ask("drop", projects=["shelfone"])
    states = panel.ask("history")["result"]["states"]
    assert [state["did"] for state in states] == ["drop shelfone", "use shelfone", "the beginning"]


def test_connect_chooses_another_shelf(panel, cloudshelf, tmp_path):
    url = f"file://{tmp_path}/other"
    cloudshelf("init", url, "--name", "other")
    assert panel.ask("connect", url=url)["result"] == {"shelf": url, "name": "other"}
    panel.wait(lambda state: state["shelf"] == {"url": url, "name": "other"})
    assert panel.ask("connect", url="file:///nowhere/at/all")["error"]["name"] == "ShelfMissing"
    said = panel.ask("connect", url="s3://AKID:secret@bucket/x")["error"]["message"]
    assert "secret" not in said
    assert panel.state["shelf"]["url"] == url


def test_nothing_is_left_in_the_notebook(kernel, panel, front_end):
    """No output, no name, no number of a cell; and the last result stays what it was."""
    cell = front_end.run("names = set(dir()); 7")
    front_end.wait(lambda: front_end.is_done(cell))
    front_end.others.clear()
    panel.ask("use", requirements=["shelfone"])
    panel.ask("plan", requirements=["shelfone==9"])
    panel.ask("use", requirements=["shelfone==9"])
    panel.ask("block")
    shown = {message["msg_type"] for message in front_end.others}
    assert shown <= {"status"}, front_end.others
    added = "sorted(name for name in set(dir()) - names if not name.startswith('_'))"  # IPython's own: _i3
    assert kernel(f"print({added}, _)").text == "['names'] 7\n"
    reply = kernel.client.execute("0", reply=True, timeout=60)
    assert reply["content"]["execution_count"] == 4, "%load_ext, names, print and this one"
