"""The script that compiles sources and says what each one imports. Run by path in the target interpreter.

Standard input: JSON, the root of a tree and paths of sources within its ``site``. Standard output: JSON, for each path
the modules that its body imports, and those that its functions do besides, by absolute name: ``"a.b"``, and ``"a.b:c"``
for ``from a.b import c``, where c may be a module or not. A text that looks like a module's name (plugins are found by
such) counts as one that a function may import: also as ``"a.b:c"``. Imports for type checkers only do not happen.

The code objects say it, not the sources: they are at hand, and parsing once more takes longer than compiling.
Sources that do not compile (templates, Python 2) are left alone, as pip does.
"""

import dis
import inspect
import json
import marshal
import py_compile
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import CodeType
    from typing import Any

_LONGEST = 100  # characters of a module's name
_HEADER = 16  # bytes of a .pyc before its code (PEP 552)
_IMPORT = dis.opmap["IMPORT_NAME"]
_CONSTANT = dis.opmap["LOAD_CONST"]
_SMALL_INTEGER = dis.opmap.get("LOAD_SMALL_INT", -1)  # Python 3.14
_EXTENDED = dis.opmap["EXTENDED_ARG"]
_JUMPS = ("POP_JUMP_IF_FALSE", "POP_JUMP_FORWARD_IF_FALSE")  # the second in Python 3.11
_BETWEEN = ("TO_BOOL", "EXTENDED_ARG")  # what may stand between a value and its jump


def main() -> None:
    root, paths = json.load(sys.stdin)
    found = {}
    for path in paths:
        file = f"{root}/site/{path}"
        try:
            compiled = py_compile.compile(
                file, dfile=path, doraise=True, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP
            )
        except (py_compile.PyCompileError, ValueError, RecursionError, MemoryError, OSError):
            continue
        if compiled:
            with open(compiled, "rb") as stream:
                code = marshal.loads(stream.read()[_HEADER:])
            now = imports_of(code, path)
            found[path] = now, [name for name in later_imports_of(code, path) if name not in now]
    json.dump(found, sys.stdout)


def imports_of(code: "CodeType", path: str) -> "list[str]":
    """What the body of the module at ``path``, which is ``code``, imports; without the standard library."""
    return _absolute(_imports_in(code, functions=False), path)


def later_imports_of(code: "CodeType", path: str) -> "list[str]":
    """What its functions import, and its body too; then the modules that texts in it may be the names of."""
    named = (
        text.rpartition(".") for text in dict.fromkeys(_texts_in(code)) if text.count(".") and len(text) < _LONGEST
    )
    texts = [
        f"{package}:{name}"
        for package, _, name in named
        if name.isidentifier()
        and all(part.isidentifier() for part in package.split("."))
        and package.partition(".")[0] not in sys.stdlib_module_names
    ]
    return list(dict.fromkeys([*_absolute(_imports_in(code, functions=True), path), *texts]))


def _absolute(imports: "Iterable[tuple[int, str, tuple[str, ...]]]", path: str) -> "list[str]":
    package = path.split("/")[:-1]
    found: dict[str, None] = {}
    for level, name, attributes in imports:
        if level > len(package):
            continue  # beyond the top: it fails
        base = package[: len(package) - level + 1] if level else []
        module = ".".join([*base, *([name] if name else [])])
        if module.partition(".")[0] not in sys.stdlib_module_names:
            found[module] = None
            found.update((f"{module}:{attribute}", None) for attribute in attributes if attribute != "*")
    return list(found)


def _imports_in(code: "CodeType", *, functions: bool) -> "Iterator[tuple[int, str, tuple[str, ...]]]":
    """(level, module, names after ``import``) of each import of a body, and of the classes in it, in their order;
    with ``functions`` of those too."""
    if _IMPORT in code.co_code[::2]:
        unseen = _for_type_checkers(code) if "TYPE_CHECKING" in code.co_names else []
        for offset, module, level, attributes in _import_instructions(code):
            if not any(offset in part for part in unseen):
                yield level, module, attributes
    for inside in code.co_consts:
        if hasattr(inside, "co_code") and (functions or not inside.co_flags & inspect.CO_OPTIMIZED):  # a class has not
            yield from _imports_in(inside, functions=functions)


def _texts_in(constant: "Any") -> "Iterator[str]":
    """All texts among the constants of a code object, and of those in it."""
    if isinstance(constant, str):
        yield constant
    elif isinstance(constant, tuple | frozenset):
        for inside in constant:
            yield from _texts_in(inside)
    elif hasattr(constant, "co_consts"):
        yield from _texts_in(constant.co_consts)


def _import_instructions(code: "CodeType") -> "Iterator[tuple[int, str, int, tuple[str, ...]]]":
    """Before each one the level and the names are loaded: ``dis`` would tell the same, many times slower."""
    level: Any = 0
    attributes: Any = ()  # the last two constants, whatever they are for
    extended = 0
    operations = code.co_code
    for offset in range(0, len(operations), 2):
        operation, argument = operations[offset], operations[offset + 1] | extended
        extended = argument << 8 if operation == _EXTENDED else 0
        if operation == _CONSTANT:
            level, attributes = attributes, code.co_consts[argument]
        elif operation == _SMALL_INTEGER:
            level, attributes = attributes, argument
        elif operation == _IMPORT:
            yield offset, code.co_names[argument], level, attributes or ()


def _for_type_checkers(code: "CodeType") -> "list[range]":
    """Where the instructions are that ``if TYPE_CHECKING`` guards: what is jumped over when it is false."""
    found: list[range] = []
    tested = guarded = False
    for each in dis.get_instructions(code):
        if guarded and each.is_jump_target:
            found.pop()  # of ``if x or TYPE_CHECKING``: another way leads there
        guarded = guarded and each.opname == "NOT_TAKEN"  # Python 3.14 has one between a jump and what it guards
        if tested and each.opname in _JUMPS:
            found.append(range(each.offset, each.argval))
            guarded = True
        tested = each.argval == "TYPE_CHECKING" or (tested and each.opname in _BETWEEN)
    return found


if __name__ == "__main__":
    main()
