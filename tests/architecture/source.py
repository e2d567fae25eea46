"""Our source as data: the modules, what each imports and where, and the strings in it."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("queueapp", "configapp", "workloads", "taskrunner")


@dataclass(frozen=True)
class Import:
    """`target` is the module, or the name imported from it where that is one of our modules."""

    target: str
    line: int
    in_function: bool


@dataclass(frozen=True)
class Module:
    name: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)


@cache
def modules() -> dict[str, Module]:
    found = {}
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = Module(name, path.read_text())
    return found


def imports_of(module: Module, known: frozenset[str] = frozenset()) -> list[Import]:
    """Every import of the module, those in functions and `import_module("…")` included."""
    visitor = _ImportVisitor(known)
    visitor.visit(module.tree)
    return visitor.found


@cache
def strings_of(module: Module) -> list[str]:
    """The string constants, parts of f-strings included and docstrings left out."""
    tree = module.tree
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    ]


class _ImportVisitor(ast.NodeVisitor):
    def __init__(self, known: frozenset[str]) -> None:
        self.known = known
        self.found: list[Import] = []
        self._depth = 0

    def _function(self, node: ast.AST) -> None:
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = _function  # noqa: N815

    def visit_Import(self, node: ast.Import) -> None:
        for name in node.names:
            self._add(name.name, node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        assert node.level == 0, f"line {node.lineno}: write the whole name of the package"
        for name in node.names:
            whole = f"{node.module}.{name.name}"
            self._add(whole if whole in self.known else node.module or "", node)

    def visit_Call(self, node: ast.Call) -> None:
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in ("import_module", "__import__") and node.args and isinstance(node.args[0], ast.Constant):
            self._add(str(node.args[0].value), node)
        self.generic_visit(node)

    def _add(self, target: str, node: ast.stmt | ast.expr) -> None:
        self.found.append(Import(target, node.lineno, self._depth > 0))
