"""What the packages export: every module says it, sorted, and it exists."""

from __future__ import annotations

import ast
import importlib
import re

import pytest

from tests.test_layers import ALL, sources, tree


def exported(module: str) -> list[str] | None:
    """The literal `__all__` of a module, or None."""
    for node in tree(module).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "__all__" and node.value:
            return list(ast.literal_eval(node.value))
    return None


def order(name: str) -> tuple[int, list[tuple[int, int, str]]]:
    """Ruff's order (RUF022): CONSTANTS, Classes, functions; numbers by their value."""
    kind = 0 if name.isupper() else 1 if name[:1].isupper() else 2
    runs = re.findall(r"\d+|\D+", name)
    return kind, [(0, int(run), "") if run.isdigit() else (1, 0, run) for run in runs]


def has_public_names(module: str) -> bool:
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return any(isinstance(n, defined) and not n.name.startswith("_") for n in tree(module).body)


@pytest.mark.parametrize("module", ALL)
def test_all_is_there_and_sorted(module: str) -> None:
    names = exported(module)
    if names is None:
        assert not has_public_names(module), "say in __all__ what is public"
        return
    assert names == sorted(names, key=order)
    assert len(names) == len(set(names))


@pytest.mark.parametrize("package", ["resp_core", "langchain_resp", "llamaindex_resp"])
def test_the_public_names_exist(package: str) -> None:
    module = importlib.import_module(package)
    names = exported(package)
    assert names, f"{package} exports nothing"
    assert [name for name in names if not hasattr(module, name)] == []


def test_every_module_has_a_docstring() -> None:
    bare = [module for module in ALL if not ast.get_docstring(tree(module))]
    assert [name for name in bare if sources()[name].read_text().strip()] == []


#: LlamaIndex finds a tool's Context by the annotation object itself, so it must be evaluated.
EVALUATED = {"llamaindex_resp.approvals"}


def test_annotations_are_not_evaluated() -> None:
    line = "from __future__ import annotations"
    with_code = [module for module in ALL if len(tree(module).body) > 1]
    assert [module for module in with_code if line not in sources()[module].read_text()] == [
        *EVALUATED
    ]
