"""The direction of the imports, and what an import of `engine` costs."""

import ast
import importlib
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent
ENGINE = sorted((ROOT / "engine").rglob("*.py"))
VIZ = sorted((ROOT / "viz").rglob("*.py"))
PUBLIC = {"engine", "engine.files", "engine.nn", "engine.progress", "engine.tape"}


def imports(path, *, top_level_only=False):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, None
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.module, alias.name


@pytest.mark.parametrize("path", ENGINE, ids=lambda p: p.name)
def test_engine_does_not_know_viz(path):
    assert not [name for name, _ in imports(path) if name.split(".")[0] == "viz"]


@pytest.mark.parametrize("path", VIZ, ids=lambda p: p.name)
def test_viz_uses_public_names_of_engine_only(path):
    for module, name in imports(path):
        if module.split(".")[0] == "engine":
            assert module in PUBLIC, f"{path.name} imports {module}"
            assert name is None or name in importlib.import_module(module).__all__


@pytest.mark.parametrize(
    "path", [p for p in ENGINE if p.name != "testing.py"], ids=lambda p: p.name
)
def test_engine_imports_the_standard_library_only(path):
    for module, _ in imports(path, top_level_only=True):
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


@pytest.mark.parametrize("path", ENGINE + VIZ, ids=lambda p: p.name)
def test_files_fit_in_the_head(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300
