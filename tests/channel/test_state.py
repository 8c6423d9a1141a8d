"""What a panel shows of a kernel: all of it on open, then what changes, whoever changed it."""


def test_a_panel_gets_the_whole_state_when_it_is_opened(kernel, front_end, shelf):
    kernel("%shelf use shelftwo\nimport shelfone")
    panel = front_end.open()
    panel.wait(lambda state: state)
    assert panel.state["requirements"] == ["shelftwo"] and panel.state["shelf"]["url"] == shelf
    one, two = panel.pin("shelfone"), panel.pin("shelftwo")
    assert (one["version"], one["asked"], one["modules"], one["loaded"]) == ("1.0", False, ["shelfone"], ["shelfone"])
    assert (two["asked"], two["loaded"], two["badges"]) == (True, [], ["pinned"])
    assert one["badges"] == ["loaded"]
    assert 0 < one["fetched"] <= one["bytes"]
    assert panel.state["totals"]["bytes"] == one["bytes"] + two["bytes"]
    assert panel.state["busy"] is panel.state["restart"] is panel.state["notebook"] is panel.state["problem"] is None


def test_what_is_typed_in_a_cell_is_seen(kernel, front_end):
    panel = front_end.open()
    panel.wait(lambda state: state["pins"] == [])
    kernel("%shelf use shelfone")
    panel.wait(lambda state: [pin["project"] for pin in state["pins"]] == ["shelfone"])
    kernel("import shelfone")
    panel.wait(lambda state: state["pins"][0]["badges"] == ["loaded"])
    kernel("%shelf drop shelfone")
    panel.wait(lambda state: state["pins"] == [] and state["requirements"] == [])
    kernel("import shelfscript")  # which pins the default
    panel.wait(lambda state: [pin["project"] for pin in state["pins"]] == ["shelfscript"])
    assert panel.gaps == 0


def test_what_an_import_took_is_measured_where_files_may_have_to_come(kernel, front_end, fresh):
    kernel(f"%shelf use {fresh} shelftwo\nimport {fresh}.part, {fresh}.other")
    panel = front_end.open()
    panel.wait(lambda state: state)
    assert panel.pin(fresh)["seconds"] > 0 and panel.pin("shelftwo")["seconds"] is None
    seconds = float(kernel("import cloudshelf; print(cloudshelf.profile(0)['seconds'])").text)
    assert abs(panel.pin(fresh)["seconds"] - seconds) < 1e-4, "each import counts once"


def test_the_shelfs_name_comes_when_it_is_known(kernel, front_end, cloudshelf, tmp_path):
    url = f"file://{tmp_path}/named"
    cloudshelf("init", url, "--name", "curated")
    panel = front_end.open()
    kernel(f"%shelf connect {url}")
    panel.wait(lambda state: state["shelf"] == {"url": url, "name": "curated"})


def test_a_pin_that_is_blocked_says_so_and_why(kernel, front_end, cloudshelf, fresh):
    kernel(f"%shelf use {fresh}")
    panel = front_end.open()
    panel.wait(lambda state: state["pins"])
    assert (panel.pin(fresh)["blocked"], panel.pin(fresh)["badges"]) == (None, ["pinned"])
    cloudshelf("block", f"{fresh}==1.0", "--reason", "it sends keys")
    kernel("%shelf blocks")
    panel.ask("state")
    panel.wait(lambda state: state["pins"][0]["badges"] == ["pinned", "blocked"])
    assert panel.pin(fresh)["blocked"] == "it sends keys"
    cloudshelf("unblock", f"{fresh}==1.0")
