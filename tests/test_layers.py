"""The rules that keep the house as it is, read from the source with `ast`."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "core" / "resp_core"
ADAPTERS = ("langchain_resp", "llamaindex_resp", "gateway_resp")
MAX_LINES = 600

#: Lowest first. A module imports from its own layer or a lower one.
LAYERS = (
    ("types", "errors"),
    ("wire",),
    ("models", "effects"),
    ("route", "mcp", "cost", "providers", "auth", "observe", "credentials"),
    ("config",),
    ("flow", "reading", "tasks", "mcp_emulated", "mcp_hosted"),
    ("drive",),
    ("io", "offline"),
    ("client", "__init__"),
    ("cli", *ADAPTERS),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
UNKNOWN = -1  # test_every_module_has_a_layer says so

#: Where a module may be imported. Parts are those of LAYERS; nothing else may.
ONLY_IN = {
    "httpx": {"io"},
    "httpx2": {"io"},
    "httpcore": {"io"},
    "httpcore2": {"io"},
    "httpx_aiohttp": {"io"},
    "aiohttp": {"io"},
    "http.client": {"io", "offline"},
    "http.server": {"offline", "cli"},
    "ssl": {"io"},
    "truststore": {"io"},
    "socket": {"io", "offline"},
    "select": {"io"},
    "asyncio": {"drive", "io"},
    "anyio": set[str](),
    "requests": set[str](),
    "urllib.request": set[str](),
    "urllib3": set[str](),
    "azure": {"io"},
    "langchain": {"langchain_resp", "cli"},
    "langchain_core": {"langchain_resp", "cli"},
    "llama_index": {"llamaindex_resp", "cli"},
    "typer": {"cli"},
    "rich": {"cli"},
    "yaml": {"io"},
    # Clock, random numbers and ids are handed in, so that what decides can be tested as a table.
    "time": {"drive", "io", "offline", "client", "cli"},
    "random": {"drive", "io", "client"},
    "secrets": {"io", "client"},
    "uuid": {"io", "client"},
    # Never: code from data, and the clients whose pins break each other's environments.
    "pickle": {"langchain_resp", "llamaindex_resp"},  # to ask whether a value can be pickled
    "marshal": set[str](),
    "shelve": set[str](),
    "jinja2": set[str](),
    "openai": set[str](),
    "anthropic": set[str](),
    "litellm": set[str](),
}
READS_ENVIRONMENT = {"credentials"}


def packages() -> list[Path]:
    return [CORE, *(ROOT / name for name in ADAPTERS if (ROOT / name).is_dir())]


@cache
def sources() -> dict[str, Path]:
    """Dotted module name to file, for all packages."""
    found: dict[str, Path] = {}
    for package in packages():
        for file in sorted(package.rglob("*.py")):
            parts = file.relative_to(package.parent).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


@cache
def tree(module: str) -> ast.Module:
    # What Hypothesis does while garbage is collected upsets the parser of CPython (gh-106905).
    gc.disable()
    try:
        return ast.parse(sources()[module].read_text(encoding="utf-8"))
    finally:
        gc.enable()


def part(module: str) -> str:
    """The name in LAYERS that `module` belongs to."""
    first, _, rest = module.partition(".")
    return (rest.partition(".")[0] or "__init__") if first == "resp_core" else first


def rank(module: str) -> int:
    return RANK.get(part(module), UNKNOWN)


def is_typing_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


_WITH_STATEMENTS = (ast.stmt, ast.ExceptHandler, ast.match_case)


def running(node: ast.AST, kinds: tuple[type[ast.AST], ...] = (ast.AST,)) -> Iterator[ast.AST]:
    """Every node of these kinds below `node` that can run: not what only type checkers see."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, kinds) or is_typing_only(child):
            continue
        yield child
        yield from running(child, kinds)


@cache
def imported(module: str) -> frozenset[str]:
    """Dotted names that `module` imports at run time, at its top or inside a function."""
    names: set[str] = set()
    for node in running(tree(module), _WITH_STATEMENTS):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = absolute(module, node)
            names |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return frozenset(names)


def absolute(module: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    is_package = sources()[module].name == "__init__.py"
    above = module.split(".")[: -(node.level - is_package) or None]
    return ".".join([*above, *([node.module] if node.module else [])])


def ours(name: str) -> bool:
    return name in sources()


ALL = sorted(sources())


def test_every_module_has_a_layer() -> None:
    assert {part(module) for module in ALL} <= set(RANK), "name the part in LAYERS"


@pytest.mark.parametrize("module", ALL)
def test_imports_point_down(module: str) -> None:
    up = {name for name in imported(module) if ours(name) and rank(name) > rank(module)}
    assert not up, f"{module} may not import from a higher layer"


@pytest.mark.parametrize("module", [name for name in ALL if part(name) == "wire"])
def test_codecs_import_types_errors_and_codecs(module: str) -> None:
    parts = {part(name) for name in imported(module) if ours(name)}
    # `resp_core` itself is only the package on the way to its modules.
    assert parts <= {"wire", "types", "errors"}


@pytest.mark.parametrize("module", [name for name in ALL if part(name) in ADAPTERS])
def test_adapters_do_not_know_each_other(module: str) -> None:
    others = {part(name) for name in imported(module)} & set(ADAPTERS)
    assert others <= {part(module)}


def test_no_import_cycles() -> None:
    graph = {
        module: {name for name in imported(module) if ours(name) and not is_above(name, module)}
        for module in ALL
    }
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def is_above(name: str, module: str) -> bool:
    """Whether `name` is the package that holds `module`, or the module itself."""
    return f"{module}.".startswith(f"{name}.")


@pytest.mark.parametrize("module", ALL)
def test_each_dependency_has_its_place(module: str) -> None:
    wrong = {
        name
        for name in imported(module)
        for banned, places in ONLY_IN.items()
        if (name == banned or name.startswith(f"{banned}.")) and part(module) not in places
    }
    assert not wrong


@pytest.mark.parametrize("module", ALL)
def test_the_environment_is_read_in_one_place(module: str) -> None:
    if part(module) in READS_ENVIRONMENT:
        return
    names = {ast.unparse(node) for node in running(tree(module)) if isinstance(node, ast.Attribute)}
    assert not names & {"os.environ", "os.getenv", "os.putenv", "os.environb"}
    assert not imported(module) & {"os.environ", "os.getenv"}


@pytest.mark.parametrize("module", ALL)
def test_no_code_from_data(module: str) -> None:
    for node in ast.walk(tree(module)):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        assert called not in {"eval", "exec", "compile", "__import__", "os.system"}
        assert called not in {"pickle.load", "pickle.loads", "yaml.load"}
        shell = [word for word in node.keywords if word.arg == "shell"]
        assert not shell, f"line {node.lineno}: no shell"


PURE = [name for name in ALL if rank(name) <= RANK["flow"]]


@pytest.mark.parametrize("module", PURE)
def test_the_clock_is_handed_in(module: str) -> None:
    calls = {ast.unparse(n.func) for n in running(tree(module)) if isinstance(n, ast.Call)}
    assert not {name for name in calls if name.endswith((".now", ".utcnow", ".today"))}


@pytest.mark.parametrize("module", PURE)
def test_nothing_awaits_below_the_drivers(module: str) -> None:
    awaiting = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    assert not [node.lineno for node in ast.walk(tree(module)) if isinstance(node, awaiting)]


def python_files() -> list[Path]:
    folders = [*packages(), *(ROOT / name for name in ("tests", "benchmarks", "scripts"))]
    return [file for folder in folders for file in sorted(folder.rglob("*.py"))]


def test_no_file_is_too_long() -> None:
    sizes = {str(f.relative_to(ROOT)): f.read_bytes().count(b"\n") for f in python_files()}
    assert not {name: lines for name, lines in sizes.items() if lines > MAX_LINES}


def test_core_is_a_folder_not_a_package() -> None:
    assert not (ROOT / "core" / "__init__.py").exists()
