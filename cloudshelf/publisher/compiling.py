"""The script that compiles sources and says what each one imports. Run by path in the target interpreter.

Standard input: JSON, the root of a tree and paths of sources within its ``site``. Standard output: JSON, for each path
the modules that its body imports, by absolute name: ``"a.b"``, and ``"a.b:c"`` for ``from a.b import c``, where c may
be a module or not. Imports in functions, and those for type checkers only, do not happen when the module is imported.

Sources that do not compile (templates, Python 2) are left alone, as pip does.
"""

import ast
import json
import py_compile
import sys

_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError, OSError)


def main() -> None:
    root, paths = json.load(sys.stdin)
    found = {}
    for path in paths:
        file = f"{root}/site/{path}"
        try:
            py_compile.compile(
                file, dfile=path, doraise=True, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP
            )
            with open(file, "rb") as source:
                found[path] = imports_of(ast.parse(source.read()), path)
        except (py_compile.PyCompileError, *_ERRORS):
            pass
    json.dump(found, sys.stdout)


def imports_of(tree: ast.Module, path: str) -> "list[str]":
    """What the body of the module at ``path``, whose source is ``tree``, imports; without the standard library."""
    parts = path.removesuffix(".py").split("/")
    package = parts[:-1]
    found: dict[str, None] = {}
    waiting: list[ast.AST] = list(reversed(tree.body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            found.update((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [*package[: len(package) - node.level + 1]] if node.level else []
            if node.level > len(package):
                continue  # beyond the top: it fails
            name = ".".join([*base, *([node.module] if node.module else [])])
            found[name] = None
            found.update((f"{name}:{alias.name}", None) for alias in node.names if alias.name != "*")
        elif isinstance(node, ast.If) and _is_for_type_checkers(node.test):
            waiting.extend(reversed(node.orelse))
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.expr)):
            waiting.extend(reversed(list(ast.iter_child_nodes(node))))
    return [name for name in found if name and name.partition(":")[0].partition(".")[0] not in sys.stdlib_module_names]


def _is_for_type_checkers(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


if __name__ == "__main__":
    main()
