"""What `help`, editors and type checkers know of the public names."""

import importlib
import importlib.util
import inspect
import io
import pydoc
import re
import sys

import pytest
from places import ROOT

import engine
from engine import TABLE, Value, register, unregister

PROGRAM = """\
import engine
import viz
from engine import Value, mean, silu, softmax, tanh

def both(v: Value | float) -> Value | float:
    return tanh(v)

x = Value(3.0, label="x")
reveal_type(tanh(x))  # engine.graph.value.Value
reveal_type(tanh(1))  # float
reveal_type(engine.max(x, 2))  # engine.graph.value.Value
reveal_type(engine.max(1, 2))  # float
reveal_type(engine.leaky_relu(1.0, x))  # engine.graph.value.Value
reveal_type(engine.leaky_relu(1.0))  # float
reveal_type(x.tanh())  # engine.graph.value.Value
reveal_type(2 / -x ** 2 % 3 + True)  # engine.graph.value.Value
reveal_type(x.max(2))  # engine.graph.value.Value
reveal_type(tanh.formulas)  # tuple[str, ...]
reveal_type(softmax([x, 1.0]))  # list[engine.graph.value.Value]
reveal_type(mean([1.0, 2.0]))  # float
reveal_type(silu(x))  # engine.graph.value.Value
reveal_type(viz.draw(x))  # viz.render.picture.Picture
reveal_type(viz.tree(x))  # viz.formats.tree.Tree
tanh("x")  # error
tanh(1.0, 2.0)  # error
engine.tanhh(1.0)  # error
x.tanhh()  # error
x + "1"  # error
Value("1")  # error
viz.draw(1.0)  # error
viz.draw(x, them="dark")  # error
viz.save(x, "x.png", digits="4")  # error
"""


ANGLES = {"sin", "cos", "tan", "asin", "acos", "atan", "atan2"}


def make_stubs():
    path = ROOT / "docs" / "make_stubs.py"
    spec = importlib.util.spec_from_file_location("make_stubs", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_stubs_are_those_of_the_table():
    for name, stub in make_stubs().STUBS.items():
        written = (ROOT / "engine" / name).read_text(encoding="utf-8")
        assert written == stub(), "run python docs/make_stubs.py"


@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_help_shows_formula_domain_and_derivatives(op):
    text = pydoc.render_doc(op, renderer=pydoc.plaintext)
    assert f"{op.name}({', '.join(op.operands)})" in text
    assert all(f" in {interval}" in text for interval in op.intervals)
    for name, formula in zip(op.operands, op.formulas, strict=True):
        assert f"∂/∂{name} = {formula}" in text
    assert list(inspect.signature(op).parameters) == list(op.operands)
    method = getattr(Value, op.name, None) or getattr(Value, f"__{op.name}__")
    assert method.__doc__ == op.__doc__
    assert ("radians" in text) == (op.name in {*ANGLES, "degrees", "radians"})


def test_the_class_keeps_its_own_documentation():
    assert engine.Op.__doc__.startswith("An elementary operation")
    assert "name" in inspect.signature(engine.Op).parameters


def test_a_registered_operation_has_help_too():
    cube = register("cube", "x³", lambda x: x**3, lambda out, x: (3 * x**2,))
    try:
        assert engine.cube is cube
        assert Value.cube.__doc__ == cube.__doc__
        assert cube.__doc__.startswith("cube(x) = x³\n")
    finally:
        unregister("cube")
    with pytest.raises(AttributeError, match="no attribute 'cube'"):
        engine.cube  # noqa: B018


@pytest.mark.parametrize("package", ["engine", "engine.nn", "engine.tape", "viz"])
def test_every_public_name_is_documented(package):
    module = importlib.import_module(package)
    for name in module.__all__:
        thing = getattr(module, name)
        if callable(thing):
            assert inspect.getdoc(thing), name
    assert (ROOT / package.split(".")[0] / "py.typed").is_file()


def test_a_type_checker_sees_the_table(tmp_path, monkeypatch):
    api = pytest.importorskip("mypy.api", reason="mypy is not installed")
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    monkeypatch.setenv("MYPYPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)  # away from the project's own settings
    options = ["--strict", "--no-site-packages", "--follow-imports=silent"]
    out, err, _ = api.run([*options, "--no-error-summary", "program.py"])
    assert err == ""
    found = {}
    for line in out.splitlines():
        number, kind, text = re.search(r"program\.py:(\d+): (\w+): (.*)", line).groups()
        if kind == "error" or "Revealed" in text:
            found[int(number)] = kind if kind == "error" else text.split('"')[1]
    expected = {
        i: line.split("# ")[1]
        for i, line in enumerate(PROGRAM.splitlines(), 1)
        if "# " in line
    }
    assert found == expected


def test_jedi_completes_and_documents():
    jedi = pytest.importorskip("jedi", reason="jedi is not installed")
    project = jedi.Project(ROOT)

    def at(code):
        return jedi.Script(code, path=ROOT / "x.py", project=project)

    start = "from engine import Value, tanh\nx = tanh(Value(1))\n"
    assert {c.name for c in at(f"{start}x.ta").complete(3, 4)} == {"tan", "tanh"}
    [method] = at(f"{start}x.tanh").infer(3, 6)
    assert "Local derivative: ∂/∂x = sech(x)²." in method.docstring()
    [call, _] = at(f"{start}tanh(").get_signatures(3, 5)
    assert "Domain: x in (−∞, ∞)." in call.docstring()
    names = {c.name for c in at("import engine\nengine.").complete(2, 7)}
    assert {*TABLE, "Value", "gradients"} <= names


def test_ipython_documents_what_is_typed():
    pytest.importorskip("IPython", reason="IPython is not installed")
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell(user_ns={"engine": engine})
    found = shell.object_inspect_mime("engine.sin")["text/plain"]
    assert "x in radians" in found
    assert "sin(x" in found


def test_help_is_printed_by_python_itself(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    help(engine.tanh)
    assert "Local derivative: ∂/∂x = sech(x)²." in out.getvalue()
