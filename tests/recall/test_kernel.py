"""A notebook in which something is blocked while it works, and what its configuration says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faces.test_kernel import Kernel

from .machines import Machine


@pytest.fixture
def kernel(machine: Machine, tmp_path: Path) -> Iterator[Kernel]:
    profile = tmp_path / "ipython/profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_config.py").write_text('c.CloudShelf.recall_age = "2h"\n')
    kernel = Kernel(machine.environ | {"IPYTHONDIR": str(tmp_path / "ipython"), "JUPYTER_NO_CONFIG": "1"})
    yield kernel
    kernel.stop()


def test_a_notebook_is_told_at_its_next_use_and_a_restore_is_refused(kernel: Kernel, machine: Machine) -> None:
    kernel("%load_ext cloudshelf")
    assert "2h" in kernel("import os; print(os.environ['CLOUDSHELF_RECALL_AGE'])").text
    kernel("%shelf use one==1.0")
    assert "1.0" in kernel("import one; print(one.version)").text
    kernel("%shelf lock pylock.toml")
    machine("block", "one==1.0", "--reason", "It leaks", "--use", "one==1.1")
    shown = kernel("%shelf use two")
    assert "one 1.0 is blocked" in shown.text + (shown.error or "") and "It leaks" in shown.text + (shown.error or "")
    refused = kernel("%shelf sync pylock.toml")
    assert "one 1.0 is blocked" in refused.error and "%shelf use one==1.1" in refused.error
    assert "It leaks" in kernel("%shelf blocks").text
