"""The house: which way imports run, how large a room is, what an import costs."""

import ast
import importlib
import inspect
import subprocess
import sys

import pytest
from places import ROOT

SOURCES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for package in ("engine", "viz")
    for path in sorted((ROOT / package).rglob("*.py"))
}
FOLDERS = sorted({path.parent for path in SOURCES.values()})

# From the ground up. A module imports from layers below its own, and from its own as
# long as no circle comes of it.
LAYERS = {
    "engine": [
        "text",
        "errors",
        "util",
        "native",
        "operation",
        "graph",
        "registry explanation",
        "ops",
        "composed functions ufuncs",
        "autodiff",
        "gradcheck",
        "testing tape.ir",
        "tape.backends",
        "native.generate native.loops",
        "tape",
        "nn",
        "nn.training",
    ],
    "viz": [
        "errors checks",
        "labels",
        "diagram",
        "render",
        "style",
        "dot",
        "drawing",
        "formats",
        "film",
        "notebook page",
        "cli",
        "cli.commands",
        "cli.program",
    ],
}
ABOVE_ALL = {"viz.__main__", "viz.cli.commands.repl"}
"""They begin at a face of their own package, as a user does."""

PUBLIC = {
    "engine",
    "engine.native",
    "engine.nn",
    "engine.tape",
    "engine.text",
    "engine.util",
}


def imports(path, *, top_level_only=False):
    """Every import in a file as (module, name), those within functions as well."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, None
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written whole"
            for alias in node.names:
                yield node.module, alias.name


def imported_modules(name):
    """The modules of the two packages that one of them imports."""
    for module, attribute in imports(SOURCES[name]):
        inner = f"{module}.{attribute}"
        for found in (inner, f"{inner}.__init__", module, f"{module}.__init__"):
            if found in SOURCES:
                yield found
                break


def layer_of(name):
    """The number of a module's layer; faces are above all that is in their folder."""
    package, _, inner = name.partition(".")
    if inner.endswith("__init__") or inner == "__main__":
        return len(LAYERS[package])
    levels = {
        part: level
        for level, parts in enumerate(LAYERS[package])
        for part in parts.split()
    }
    parts = inner.split(".")
    rooms = [".".join(parts[:depth]) for depth in range(len(parts), 0, -1)]
    return next(levels[room] for room in rooms if room in levels)


@pytest.mark.parametrize("name", SOURCES)
def test_imports_run_downwards(name):
    package = name.split(".")[0]
    for found in imported_modules(name):
        if found.split(".")[0] == package and name not in ABOVE_ALL:
            assert layer_of(found) <= layer_of(name), f"{found} is above {name}"


@pytest.mark.parametrize("package", LAYERS)
def test_no_imports_run_in_a_circle(package):
    modules = [name for name in SOURCES if name.startswith(package)]
    left = {name: set(imported_modules(name)) & set(modules) for name in modules}
    while leaves := [name for name, used in left.items() if not used & left.keys()]:
        for name in leaves:
            del left[name]
    assert not left, "these import each other in a circle"


@pytest.mark.parametrize("package", LAYERS)
def test_every_layer_is_there(package):
    """A name in the list that nothing has any more would hide a mistake."""
    rooms = {name.rpartition(".__init__")[0] or name for name in SOURCES}
    for part in " ".join(LAYERS[package]).split():
        assert f"{package}.{part}" in rooms


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: str(p.relative_to(ROOT)))
def test_folders_are_small(folder):
    assert len([p for p in folder.glob("*.py") if p.stem != "__init__"]) <= 10


@pytest.mark.parametrize("name", [n for n in SOURCES if n.endswith("__init__")])
def test_faces_have_names_and_no_logic(name):
    tree = ast.parse(SOURCES[name].read_text(encoding="utf-8"))
    kinds = (ast.Import, ast.ImportFrom, ast.Assign, ast.AugAssign, ast.Expr)
    odd = [node for node in tree.body if not isinstance(node, kinds)]
    if name == "engine.__init__":  # the rows that a program registers are names, too
        assert len(odd) == 1
    else:
        assert not odd


@pytest.mark.parametrize("name", [n for n in SOURCES if not n.endswith("__init__")])
def test_no_module_is_hidden_by_a_name(name):
    parent, _, last = name.rpartition(".")
    if last != "__main__":
        shown = getattr(importlib.import_module(parent), last, None)
        assert shown is None or inspect.ismodule(shown), f"{parent}.{last} is {shown!r}"


@pytest.mark.parametrize("name", [n for n in SOURCES if n.startswith("engine")])
def test_engine_does_not_know_viz(name):
    assert not [m for m, _ in imports(SOURCES[name]) if m.split(".")[0] == "viz"]


@pytest.mark.parametrize("name", [n for n in SOURCES if n.startswith("viz")])
def test_viz_uses_public_names_of_engine_only(name):
    for module, attribute in imports(SOURCES[name]):
        if module.split(".")[0] == "engine":
            known = module in PUBLIC or module.rpartition(".")[0] in PUBLIC - {"engine"}
            assert known, f"{name} imports {module}"
            public = importlib.import_module(module).__all__
            assert attribute is None or attribute in public


@pytest.mark.parametrize(
    "name", [n for n in SOURCES if n.startswith("engine") and n != "engine.testing"]
)
def test_engine_imports_the_standard_library_only(name):
    for module, _ in imports(SOURCES[name], top_level_only=True):
        top = module.split(".")[0]
        assert top in sys.stdlib_module_names | {"engine", "__future__"}, module


def test_import_of_engine_loads_nothing_heavy():
    code = (
        "import sys, engine; "
        "print(sorted({'numpy', 'hypothesis', 'graphviz', 'viz'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "[]"
