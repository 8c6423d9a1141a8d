"""A Python kernel in which cloudshelf is not installed."""

import sys

from ipykernel.kernelapp import IPKernelApp


class Absent:
    """A finder before all others (importlib.abc.MetaPathFinder) that knows of no cloudshelf."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "cloudshelf":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


for loaded in [name for name in sys.modules if name.partition(".")[0] == "cloudshelf"]:
    del sys.modules[loaded]  # its .pth file
sys.meta_path.insert(0, Absent())
IPKernelApp.launch_instance()
