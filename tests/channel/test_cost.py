"""What the channel costs: nothing before a panel is opened, few messages while files come."""

import random

import pytest

from tests.faces.conftest import make_wheel

FILES = 1_000


@pytest.fixture(scope="module")
def bulk(shelf, cloudshelf, tmp_path_factory):
    """A project of many files that nobody imports."""
    numbers = random.Random(1)
    modules = {f"bulk/part{i}.py": f"text = {numbers.randbytes(500).hex()!r}\n" for i in range(FILES)}
    wheel = make_wheel(tmp_path_factory.mktemp("bulk"), "bulk", "1.0", {"bulk/__init__.py": ""} | modules)
    cloudshelf("publish", "--no-deps", wheel)
    return "bulk"


def test_load_ext_loads_the_target_and_nothing_else_of_the_channel(kernel):
    kernel("import sys\n%load_ext cloudshelf")
    loaded = "sorted(name for name in sys.modules if name.startswith('cloudshelf_jupyter.channel.'))"
    assert kernel(f"print({loaded})").text == "['cloudshelf_jupyter.channel.target']\n"


def test_a_shell_without_a_kernel_has_no_target():
    from IPython.core.interactiveshell import InteractiveShell

    from cloudshelf.session import Session
    from cloudshelf_jupyter.channel import target

    target.register(InteractiveShell(), Session())
    import comm

    assert target.TARGET not in comm.get_comm_manager().targets


def test_a_thousand_files_come_with_few_and_small_messages(kernel, front_end, bulk):
    panel = front_end.open()
    kernel(f"%shelf use {bulk}")
    panel.wait(lambda state: state["pins"] and state["pins"][0]["files"] > FILES)
    before, size = len(panel.messages), panel.size
    cell = front_end.run("%shelf fill")
    panel.wait(lambda state: state["pins"][0]["present"] == state["pins"][0]["files"] and state["busy"] is None)
    front_end.wait(lambda: front_end.is_done(cell))
    assert panel.state["totals"]["fetched"] == panel.state["totals"]["bytes"] > 500 * FILES
    assert len(panel.messages) - before < 50
    assert panel.size - size < 20_000
    assert panel.gaps == 0
