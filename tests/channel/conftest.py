"""Kernels with panels: what a front end sends and gets, over the wire, without a browser."""

import uuid

import pytest

from tests.faces.conftest import cloudshelf, make_wheel, settings, shelf  # noqa: F401  (fixtures)
from tests.faces.test_kernel import Kernel

from .front_end import FrontEnd


@pytest.fixture
def kernel(shelf, settings):  # noqa: F811
    running = Kernel(settings)
    yield running
    running.stop()


@pytest.fixture
def fresh(shelf, cloudshelf, tmp_path):  # noqa: F811
    """A project of which no file is in anybody's cache: a package with the modules part and other."""
    name = f"fresh{uuid.uuid4().hex[:8]}"
    modules = {f"{name}/{file}.py": f"value = {uuid.uuid4().hex!r}\n" for file in ("__init__", "part", "other")}
    cloudshelf("publish", "--no-deps", make_wheel(tmp_path, name, "1.0", modules))
    return name


@pytest.fixture
def front_end(kernel):
    """A front end of a kernel that has loaded the extension; its messages travel by a subshell."""
    loaded = kernel("%load_ext cloudshelf")
    assert (loaded.status, loaded.text) == ("ok", ""), loaded.error
    connected = FrontEnd(kernel)
    yield connected
    connected.stop()
