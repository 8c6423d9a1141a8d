"""A Python kernel without subshells, as all were before ipykernel 7."""

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp


class Single(IPythonKernel):
    _supports_kernel_subshells = False


IPKernelApp.launch_instance(kernel_class=Single)
