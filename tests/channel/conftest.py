"""Kernels with panels: what a front end sends and gets, over the wire, without a browser."""

import pytest

from tests.faces.conftest import cloudshelf, publish_small, settings, shelf  # noqa: F401  (fixtures)
from tests.faces.test_kernel import Kernel

from .front_end import FrontEnd


@pytest.fixture
def kernel(shelf, settings):  # noqa: F811
    running = Kernel(settings)
    yield running
    running.stop()


@pytest.fixture
def front_end(kernel):
    """A front end of a kernel that has loaded the extension; its messages travel by a subshell."""
    loaded = kernel("%load_ext cloudshelf")
    assert (loaded.status, loaded.text) == ("ok", ""), loaded.error
    connected = FrontEnd(kernel)
    yield connected
    connected.stop()
