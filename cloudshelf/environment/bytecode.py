"""Whether a .pyc is the bytecode of the source that it says: Python checks the source's time and size, not the code."""

from __future__ import annotations

import io
import marshal
import re
import sys
import warnings
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path
from types import CodeType

_LEVELS = {"": 0, ".opt-1": 1, ".opt-2": 2}  # PEP 488
_LEFT = re.compile(r".+\.pyc\.\d+")  # importlib's temporary name
_FACTS = (  # of a code object, without co_filename, which Python sets anew when it loads one
    *("co_name", "co_qualname", "co_firstlineno", "co_flags", "co_stacksize", "co_nlocals"),
    *("co_argcount", "co_posonlyargcount", "co_kwonlyargcount"),
    *("co_names", "co_varnames", "co_freevars", "co_cellvars"),
    *("co_code", "co_linetable", "co_exceptiontable"),
)


def is_bytecode_of(path: Path) -> bool:
    """Whether ``__pycache__/name.<tag>.pyc`` has the code that the source beside the folder compiles to.

    Only for this interpreter's own tag; False for everything else, but for what Python itself left when it was killed
    while it wrote: nothing loads that.
    """
    if _LEFT.fullmatch(path.name):
        return True
    name, _, rest = path.name.partition(f".{sys.implementation.cache_tag}")
    source = path.parent.parent / f"{name}.py"
    level = _LEVELS.get(rest.removesuffix(".pyc"))
    if path.parent.name != "__pycache__" or not rest.endswith(".pyc") or level is None or path.is_symlink():
        return False
    try:
        data, text = path.read_bytes(), source.read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(text, str(source), "exec", dont_inherit=True, optimize=level)
        body = io.BytesIO(data[16:])
        return _is_header(data[:16], source, text) and _is_same(marshal.load(body), code) and not body.read(1)
    except (OSError, ValueError, EOFError, TypeError, SyntaxError, RecursionError):
        return False


def _is_header(header: bytes, source: Path, text: bytes) -> bool:
    """PEP 552: a magic number, flags, and the time and size, or the hash, of the source; ours have no hash."""
    flags, facts = int.from_bytes(header[4:8], "little"), header[8:]
    if flags == 0:
        status = source.stat()
        facts_of_source = (int(status.st_mtime) & 0xFFFFFFFF, status.st_size & 0xFFFFFFFF)
        expected = [b"".join(fact.to_bytes(4, "little") for fact in facts_of_source)]
    else:
        expected = [source_hash(text), bytes(8)]
    return header[:4] == MAGIC_NUMBER and flags in (0, 1, 3) and facts in expected


def _is_same(found: object, made: object) -> bool:
    """Whether two constants are the same: equal ones of another type (1 and True, 0.0 and -0.0) are not."""
    if type(found) is not type(made):
        return False
    if isinstance(found, CodeType) and isinstance(made, CodeType):
        facts = all(getattr(found, fact) == getattr(made, fact) for fact in _FACTS)
        return facts and _is_same(found.co_consts, made.co_consts)
    if isinstance(found, tuple) and isinstance(made, tuple):
        return len(found) == len(made) and all(map(_is_same, found, made))
    if isinstance(found, frozenset) and isinstance(made, frozenset):
        return found == made
    return repr(found) == repr(made)
