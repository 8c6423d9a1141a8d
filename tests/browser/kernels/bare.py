"""A Python kernel in which cloudshelf is not installed."""

import sys

from ipykernel.kernelapp import IPKernelApp

sys.modules["cloudshelf"] = None  # importlib: "None" is a module that is not found
IPKernelApp.launch_instance()
