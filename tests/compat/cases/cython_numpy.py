# /// script
# dependencies = ["cython", "numpy", "setuptools"]
#
# [tool.compat]
# kinds = ["a C extension built against a wheel's headers"]
# ///
"""Cython reads numpy's pxd, the compiler its headers; the module runs."""

import pathlib
import subprocess
import sys

pathlib.Path("fast.pyx").write_text(
    "# cython: language_level=3\nimport numpy as np\ncimport numpy as cnp\ncnp.import_array()\n"
    "def total(cnp.ndarray[cnp.float64_t, ndim=1] a):\n    cdef double s = 0\n    cdef Py_ssize_t i\n"
    "    for i in range(a.shape[0]):\n        s += a[i]\n    return s\n"
)
pathlib.Path("setup.py").write_text(
    "import numpy\nfrom Cython.Build import cythonize\nfrom setuptools import Extension, setup\n"
    "setup(name='fast', ext_modules=cythonize([Extension('fast', ['fast.pyx'], include_dirs=[numpy.get_include()],"
    " extra_compile_args=['-O0'])], quiet=True))\n"
)
done = subprocess.run([sys.executable, "setup.py", "-q", "build_ext", "--inplace"], capture_output=True, text=True)
print(done.returncode, done.stderr[-300:] if done.returncode else "")
sys.path.insert(0, ".")
import numpy as np

import fast

print(fast.total(np.arange(5.0)))
