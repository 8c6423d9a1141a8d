"""environment.yml, conda's file of an environment: each line as a requirement of a shelf, or why it is none.

Conda's packages are mostly named like the projects of PyPI, and where not, the table below knows the usual ones. What
is no Python at all (libraries, compilers, R) no shelf has; the wheels on it bring what they need.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from ..errors import UsageError
from .names import normalize

# conda's name → the project's, after the recipes of conda-forge
_PROJECTS = {
    "dask-core": "dask",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "opencv": "opencv-python",
    "py-lightgbm": "lightgbm",
    "py-opencv": "opencv-python",
    "py-xgboost": "xgboost",
    "pyqt": "pyqt5",
    "pytables": "tables",
    "python-graphviz": "graphviz",
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "ruamel_yaml": "ruamel-yaml",
    "seaborn-base": "seaborn",
    "tensorflow-base": "tensorflow",
    "tensorflow-gpu": "tensorflow",
    "xgboost-cpu": "xgboost",
}
_LIKE_A_LIBRARY = {"libarchive-c", "libclang", "libcst", "librosa", "libsass", "libtmux", "libusb1"}  # but projects
_NOT_PYTHON = re.compile(
    r"_.*|lib.*|r|r-.*|.*[-_]linux-(?:64|aarch64)|.*-abi\d*|"
    r"(?:c|cxx|fortran)-compiler|compilers|gcc|gxx|gfortran|clang|clangxx|llvm|llvmdev|binutils|make|autoconf|automake|"
    r"pkg-config|sysroot.*|cudatoolkit.*|python_abi|cuda|cuda-.*|cudnn|nccl|nvcc.*|magma.*|pytorch-cuda|mkl|mkl-.*|blas|openblas|"
    r"lapack|openmpi|mpich|mpi|hdf4|hdf5|netcdf.*|geos|proj|gdal-data|boost|boost-cpp|eigen|fftw|gsl|zlib|bzip2|xz|zstd|"
    r"lz4-c|snappy|blosc|openssl|ca-certificates|curl|krb5|icu|readline|ncurses|sqlite|tk|expat|freetype|fontconfig|"
    r"jpeg|openjpeg|tiff|cairo|pixman|pango|harfbuzz|glib|gettext|gtk.*|qt|qt-main|xorg-.*|nodejs|yarn|openjdk|perl|ruby|"
    r"rust|go|julia|git|git-lfs|ffmpeg|imagemagick|graphviz|pandoc|tectonic|texlive.*|unzip|wget|bash|fish|zsh|tmux|vim|"
    r"ripgrep|jq|htop|conda|conda-.*|mamba|micromamba|samtools|bedtools|bwa|blast"
)
_IGNORED = {
    "channels": "the shelf is where distributions come from",
    "variables": "environment variables are yours to set; nothing here sets them",
    "prefix": "environments are in the cache",
}
_SPEC = re.compile(r"(?P<name>[A-Za-z0-9_][A-Za-z0-9._-]*)\s*(?:\[(?P<more>[^\]]*)\])?\s*(?P<version>.*)")


class CondaLine(NamedTuple):
    """One line of the file. ``kind``: "requirement" (``value`` is it), "python" (``value`` is a specifier), "pip" (a
    line of the pip section), "ignored", "not Python" or "refused" (``value`` says why).
    """

    number: int
    text: str
    kind: str
    value: str


def parse_environment(text: str, source: str) -> list[CondaLine]:
    """The lines of an environment.yml, in order. Raises UsageError for what is none."""
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise UsageError(f"{source} is not YAML{where}: {getattr(error, 'problem', None) or error}.") from None
    except RecursionError:
        raise UsageError(f"{source} is not YAML: it is nested too deeply.") from None
    fields = _fields(root)
    _, dependencies = fields.get("dependencies", (0, None))
    if not isinstance(dependencies, yaml.SequenceNode):
        raise UsageError(f"{source} is not an environment of conda: it has no list of dependencies.")
    lines = [
        CondaLine(number, f"{name}:", "ignored", _IGNORED[name])
        for name, (number, _) in fields.items()
        if name in _IGNORED
    ]
    for node in dependencies.value:
        if isinstance(node, yaml.MappingNode):
            lines += [line for name, (number, inner) in _fields(node).items() for line in _section(name, number, inner)]
        else:
            lines.append(_line(node.start_mark.line + 1, str(node.value)))
    return sorted(lines, key=lambda line: line.number)


def _fields(node: Any) -> dict[str, tuple[int, Any]]:
    """The fields of a mapping, each with its line's number."""
    import yaml

    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return {str(key.value): (key.start_mark.line + 1, value) for key, value in pairs}


def _section(name: str, number: int, node: Any) -> list[CondaLine]:
    if name != "pip":
        return [CondaLine(number, f"{name}:", "not Python", "only conda knows this section")]
    lines = node.value if isinstance(node.value, list) else [node]
    return [
        CondaLine(each.start_mark.line + 1, str(each.value), "pip", str(each.value)) for each in lines if each.value
    ]


def _line(number: int, text: str) -> CondaLine:
    """``channel::name=1.2=build``, ``name >=1.2,<2``, ``name[version='>=1']``: conda's match specification."""
    spec = text.partition("#")[0].strip().rpartition("::")[2].strip()
    found = _SPEC.fullmatch(spec)
    if found is None:
        return CondaLine(number, text, "refused", "it is no name with a version")
    name = found["name"].lower()
    inner = re.search(r"version\s*=\s*['\"]?([^'\",\]]+(?:,[^'\"=\]]+)*)", found["more"] or "")
    version = _specifier(found["version"].strip() or (inner[1] if inner else ""))
    if name == "python":
        return CondaLine(number, text, "python", version)
    if name in ("pip", "setuptools", "wheel") and not version:
        return CondaLine(number, text, "ignored", "a shelf's environment needs none of it")
    if _NOT_PYTHON.fullmatch(name) and name not in _LIKE_A_LIBRARY:
        return CondaLine(number, text, "not Python", "wheels bring what they need of it; else it is the machine's")
    return CondaLine(number, text, "requirement", f"{normalize(_PROJECTS.get(name, name))}{version}")


def _specifier(text: str) -> str:
    """Conda's version as PEP 440 has it: ``=1.2`` is 1.2 and all below it, a second ``=`` begins the build."""
    if re.match(r"={1,2}|\d", text):
        exact = text.startswith("==")
        version = text.lstrip("=").partition("=")[0].strip()
        version = version.partition(" ")[0]  # "numpy 1.2 py311_0"
        if not version or version == "*":
            return ""
        if version.endswith("*") or "|" in version or "," in version:
            return _several(version)
        return f"=={version}" if exact or text.count("=") > 1 or text[0].isdigit() else f"=={version}.*"
    return _several(text)


def _several(text: str) -> str:
    """``>=1.2,<2`` is the same in both; ``1.2.*`` needs a sign; alternatives (``|``) have none in PEP 440."""
    parts = [part.strip() for part in re.sub(r"\s+(?=[<>=!~0-9])", ",", text).split(",") if part.strip()]
    parts = [f"=={part.rstrip('*').rstrip('.')}.*" if re.match(r"\d", part) else part for part in parts if part != "*"]
    return ",".join("==" + part[1:] + ".*" if re.match(r"=\d[^*]*$", part) else part for part in parts)
