# /// script
# dependencies = ["setuptools==75.8.0"]
#
# [tool.compat]
# kinds = ["pth file"]
# ///
"""distutils is answered by setuptools because of its .pth file."""

import distutils
import sys

import setuptools

print("setuptools" in distutils.__file__, "_distutils_hack" in sys.modules, setuptools.__version__)
