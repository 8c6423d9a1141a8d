"""Several panels, cells that work at the same time, forks; and what is left when nobody looks any more."""

import pytest

THREADS = "[t.name for t in __import__('threading').enumerate() if t.name.startswith('cloudshelf')]"


@pytest.fixture
def panel(front_end):
    opened = front_end.open()
    opened.wait(lambda state: state)
    return opened


def threads(kernel):
    """Our threads, asked without a cell, which would have one look."""
    ask = {"user_expressions": {"found": THREADS}, "silent": True, "reply": True, "timeout": 60}
    return kernel.client.execute("", **ask)["content"]["user_expressions"]["found"]["data"]["text/plain"]


def has_no_threads(front_end):
    """Waits until our threads are gone."""
    front_end.wait(lambda: threads(front_end.kernel) == "[]", "the end of all threads")


def test_two_panels_and_cells_that_all_change_pins_end_with_the_same_state(kernel, front_end, panel):
    other = front_end.open()
    requests = []
    for i in range(6):
        requests += [
            (panel, panel.request("use", requirements=["shelfone" if i % 2 else "shelftwo"])),
            (other, other.request("use", requirements=["shelfscript"])),
            (other, other.request("drop", projects=["shelfscript"])),
        ]
    for _ in range(4):
        assert kernel("%shelf use shelfone\n%shelf drop shelfone").status == "ok"
    front_end.wait(lambda: all(each.replies.get(number) for each, number in requests), "all replies")
    assert all(each.replies[number]["ok"] or "not asked for" in str(each.replies[number]) for each, number in requests)
    pins = "import cloudshelf; print(sorted(cloudshelf.pins()))"
    assert kernel(pins).text.strip() == str(sorted(pin["project"] for pin in front_end_state(panel)["pins"]))
    assert front_end_state(panel) == front_end_state(other)
    assert panel.gaps == other.gaps == 0


def front_end_state(panel):
    """As the kernel has it now, which is what the changes came to."""
    told = panel.front_end.wait(lambda: panel.state["busy"] is None and panel.state)
    panel.ask("state")
    assert {k: v for k, v in panel.state.items() if k != "seq"} == {k: v for k, v in told.items() if k != "seq"}
    return {k: v for k, v in panel.state.items() if k != "seq"}


def test_requests_are_done_in_their_order(panel):
    numbers = [panel.request("use", requirements=[f"shelfone=={version}"]) for version in ("1.0", "2.0") * 3]
    panel.front_end.wait(lambda: all(number in panel.replies for number in numbers))
    assert list(panel.replies) == numbers
    assert panel.pin("shelfone")["version"] == "2.0"


def test_a_panel_that_is_closed_costs_nothing(kernel, front_end, panel, fresh):
    panel.close()
    kernel(f"%shelf use {fresh}\nimport {fresh}")
    has_no_threads(front_end)
    callbacks = "{name: len(found) for name, found in get_ipython().events.callbacks.items() if found}"
    with_panel = kernel(f"print({callbacks})").text
    front_end.open().wait(lambda state: [pin["project"] for pin in state["pins"]] == [fresh])
    assert kernel(f"print({callbacks})").text != with_panel, "they are there while a panel is"
    assert fresh not in str(panel.messages)


def test_an_open_panel_costs_no_thread_when_all_files_are_there(kernel, front_end, panel, fresh):
    kernel(f"%shelf use {fresh}")
    panel.wait(lambda state: state["pins"])
    assert "cloudshelf-panel-watch" in threads(kernel)
    kernel("%shelf fill")
    panel.wait(lambda state: state["totals"]["fetched"] == state["totals"]["bytes"])
    has_no_threads(front_end)
    kernel(f"import {fresh}")
    panel.wait(lambda state: state["pins"][0]["loaded"] == [fresh])
    has_no_threads(front_end)


def test_requests_of_a_panel_that_was_closed_are_done_all_the_same(front_end, panel):
    """A reload in the middle of a use: the new panel sees what comes of it."""
    panel.request("use", requirements=["shelftwo"])
    panel.close()
    again = front_end.open()
    again.wait(lambda state: [pin["project"] for pin in state["pins"]] == ["shelfone", "shelftwo"])


def test_browsers_that_vanished_are_forgotten_when_there_are_many(front_end):
    panels = [front_end.open() for _ in range(17)]
    front_end.wait(lambda: panels[0].closed)
    assert panels[-1].ask("history")["ok"] and not any(panel.closed for panel in panels[1:])


def test_a_front_end_that_answers_nothing_is_asked_and_then_forgotten(kernel, front_end, panel):
    kernel("import cloudshelf_jupyter.channel.panel as panel; panel.PATIENCE = 3")
    silent = front_end.open()
    for number in range(8):
        panel.ask("use", requirements=[f"shelfone=={number % 2 + 1}.0"])
        if panel.pings:
            panel.say({"type": "pong"})
    front_end.wait(lambda: silent.closed)
    assert silent.pings == 1 and not panel.closed


LONG_CELL = """
import pathlib, time
import cloudshelf_jupyter.channel.panel as panel
panel.PATIENCE = 1
for i in range(4):
    get_ipython().run_line_magic('shelf', f'use shelfone=={{i % 2 + 1}}.0')
    while not pathlib.Path({folder!r}, str(i)).exists():
        time.sleep(0.05)
panel.PATIENCE = 200
"""


def test_while_a_cell_runs_nobody_is_forgotten(kernel, front_end, panel, tmp_path):
    cell = front_end.run(LONG_CELL.format(folder=str(tmp_path)))
    for i in range(4):
        panel.wait(lambda state, i=i: [pin["version"] for pin in state["pins"]] == [f"{i % 2 + 1}.0"])
        (tmp_path / str(i)).touch()
    front_end.wait(lambda: front_end.is_done(cell))
    assert panel.ask("state")["ok"] and not panel.closed and not panel.pings


FORK = """
import os
%shelf use {fresh} shelftwo
for _ in range(20):
    child = os.fork()
    if not child:
        import {fresh}.part, cloudshelf
        cloudshelf.use("shelfscript")
        os._exit(0 if sorted(cloudshelf.pins())[-1] == "shelftwo" else 1)
    assert os.waitpid(child, 0)[1] == 0
print("all ended well")
"""


def test_a_forked_child_works_and_shows_nothing(kernel, front_end, panel, fresh):
    shown = kernel(FORK.format(fresh=fresh))
    assert shown.text.endswith("all ended well\n"), shown.error
    panel.wait(lambda state: sorted(pin["project"] for pin in state["pins"]) == [fresh, "shelfone", "shelftwo"])
    assert panel.gaps == 0 and panel.ask("drop", projects=[fresh])["ok"]


FORKS = """
import os
for _ in range(200):
    child = os.fork()
    if not child:
        import cloudshelf
        cloudshelf.status()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""


def test_a_fork_while_the_panel_pins_something_does_not_hang(kernel, front_end, panel):
    cell = front_end.run(FORKS)
    for number in range(6):
        assert panel.ask("use", requirements=[f"shelfone=={number % 2 + 1}.0"])["ok"]
    front_end.wait(lambda: front_end.is_done(cell))


def test_unloading_the_extension_closes_the_panels_and_loading_it_again_opens_new_ones(kernel, front_end, panel):
    kernel("%unload_ext cloudshelf")
    front_end.wait(lambda: panel.closed)
    has_no_threads(front_end)
    refused = front_end.open()
    front_end.wait(lambda: refused.closed)
    kernel("%load_ext cloudshelf")
    assert front_end.open().ask("history")["ok"]
