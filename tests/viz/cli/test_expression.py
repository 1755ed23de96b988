"""The expression language: agrees with plain floats, and refuses everything else."""

import contextlib
import math
import operator
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import ROOT

import engine
from engine import Value, topological_order
from viz.cli import expression
from viz.cli.evaluation import evaluate
from viz.cli.expression import ExpressionError, parse

BINARY = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "//": operator.floordiv, "%": operator.mod, "**": operator.pow,
}  # fmt: skip
FUNCTIONS = {"exp": math.exp, "sin": math.sin, "tanh": math.tanh, "abs": abs}

leaves = st.sampled_from(["x", "y", "z"]) | st.floats(0, 1e3).map(repr)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.tuples(inner, st.sampled_from(list(BINARY)), inner)
        | st.tuples(st.just("-"), inner)
        | st.tuples(st.sampled_from(list(FUNCTIONS)), inner)
    ),
    max_leaves=12,
)
numbers = st.floats(-10, 10)


def written(tree):
    """The tree as text, with every operation in parentheses."""
    if isinstance(tree, str):
        return tree
    if len(tree) == 3:
        return f"({written(tree[0])} {tree[1]} {written(tree[2])})"
    head, inner = tree
    return f"(-{written(inner)})" if head == "-" else f"{head}({written(inner)})"


def computed(tree, names):
    """The tree on plain floats, by a walk of its own."""
    if isinstance(tree, str):
        return names[tree] if tree in names else float(tree)
    if len(tree) == 3:
        return BINARY[tree[1]](computed(tree[0], names), computed(tree[2], names))
    head, inner = tree
    x = computed(inner, names)
    return -x if head == "-" else FUNCTIONS[head](x)


@given(trees, numbers, numbers, numbers)
def test_it_means_what_python_means(tree, x, y, z):
    program = parse(written(tree))
    names = {"x": x, "y": y, "z": z}
    used = {name: names[name] for name in program.names}
    try:
        expected = computed(tree, names)
    except (ArithmeticError, ValueError, TypeError):
        expected = None  # TypeError: a complex number went on
    if expected is None or isinstance(expected, complex):
        with pytest.raises(ExpressionError):
            evaluate(program, used)
    else:
        assert repr(evaluate(program, used).data) == repr(float(expected))


@given(st.text())
def test_any_text_is_an_expression_or_a_clear_error(text):
    check(text)


fragments = st.sampled_from(
    ["x", "(", ")", "+", "-", "**", "=", ";", "\n", " ", "1", "1e999", "0x", "'", '"',
     "[", "]", "lambda:", "tanh", ",", ".", "@", "#", "\\", "\x00", "f'{x}'", "if", "é",
     "\ud800", ":=", "*", "exp(", "_", "import os", "9" * 400, "\t"]
)  # fmt: skip


@given(st.lists(fragments, max_size=12))
def test_any_soup_of_tokens_is_an_expression_or_a_clear_error(parts):
    check("".join(parts))


def check(text):
    try:
        program = parse(text)
        evaluate(program, dict.fromkeys(program.names, 2.0))
    except ExpressionError as error:
        assert str(error)
        assert "\n" not in str(error)
        assert error.line >= 1
        assert error.column >= 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tanhh(x)", "line 1, column 1 in .*did you mean tanh"),
        ("qqq(x)", "no function 'qqq'; there are add, sub"),
        ("x +", "line 1, column 4|line 1, column 3"),
        ("a = 1\nb = a +* 2", "line 2, column"),
        ("x.real", "'x.real': an attribute"),
        ("x < 3", "a comparison"),
        ("x if x else 1", "if/else"),
        ("x and y", "and/or"),
        ("x[0]", "an index"),
        ("[x]", "a list"),
        ("'x'", "not a real number"),
        ("True", "True is not a real number"),
        ("None", "None is not a real number"),
        ("1j", "1j is not a real number"),
        ("f'{x}'", "an f-string"),
        ("(y := 3)", "the operator :="),
        ("lambda: 1", "lambda"),
        ("tanh(x=1)", "arguments have no names"),
        ("tanh(*x)", "a starred argument|tanh takes"),
        ("tanh(x, y)", "tanh takes 1 operand, not 2"),
        ("leaky_relu()", "takes 1 or 2 operands, not 0"),
        ("mean()", "takes one operand or more, not 0"),
        ("x.exp()", r"write exp\(x\), without what is before"),
        ("x.expp()", "only functions by name"),
        ("__import__('os')", "no function '__import__'"),
        ("import os", "import"),
        ("x += 1", "an assignment like"),
        ("x, y = 1, 2", "one name on its left"),
        ("a = b = 2", "one name on its left"),
        ("def f(): pass", "def"),
        ("~x", "this operator"),
        ("x @ y", "this operator"),
        ("", "there is no expression"),
        ("# nothing", "there is no expression"),
        ("1" + "0" * 400, "too large for a float"),
        ("9" * 5000, "cannot be read|Exceeds the limit|too large"),
        ("10 ** 10 ** 10", r"pow\(10\.0, 1(e\+10|0+\.0)\)"),
        ("(" * 500 + "x" + ")" * 500, "nested|parentheses"),
        ("x" * 200_000, "the limit"),
        ("x\x00", "cannot be read|null"),
    ],
)
def test_what_is_refused_and_how(text, message):
    with pytest.raises(ExpressionError, match=message):
        program = parse(text)
        evaluate(program, dict.fromkeys(program.names, 2.0))


def test_long_sums_do_not_recurse():
    terms = 3000
    try:
        program = parse(" + ".join(["x"] * terms))
    except ExpressionError as error:
        assert "nested" in str(error)  # Python's parser gave up, in a clear line
    else:
        assert evaluate(program, {"x": 1.0}).data == terms


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        ("x * y", {"x": 1}, "line 1, column 5 in 'y': 'y' has no value; give y="),
        ("x", {"x": 1, "z": 2}, "no name 'z' to give a value; it has x"),
        ("x = 2; x", {"x": 1}, "no name 'x' to give a value; it has no names"),
        ("a = 1\nlog(a - 1)", {}, r"line 2, column 1 in 'log\(a - 1\)': log\(0\.0\)"),
        ("1 / x", {"x": 0}, r"'1 / x': truediv\(1\.0, 'x' = 0\.0\).*division by zero"),
        ("exp(x)", {"x": 1000}, r"exp\('x' = 1000\.0\)"),
    ],
)
def test_values_and_domains(text, values, message):
    with pytest.raises(ExpressionError, match=message):
        evaluate(parse(text), values)


def test_leaves_and_results_are_labelled():
    program = parse("subtotal = apple * n; price = subtotal * tax")
    assert program.names == ("apple", "n", "tax")
    price = evaluate(program, {"apple": 100, "n": 2, "tax": 1.1})
    labels = [node.label for node in topological_order(price)]
    assert sorted(labels) == ["apple", "n", "price", "subtotal", "tax"]
    price.backward()
    grads = {node.label: node.grad for node in topological_order(price)}
    assert grads["apple"] == pytest.approx(2.2)
    assert grads["tax"] == 200


def test_an_alias_renames_nothing_and_a_name_may_be_assigned_again():
    result = evaluate(parse("b = x; c = b * 2; c = c + b; c"), {"x": 3})
    assert result.label == "c"
    assert result.data == 9
    x = result.parents[1]
    assert x.label == "x"
    assert result.parents[0].label == "c"


def test_numbers_with_names_and_constants():
    assert evaluate(parse("k = 3; k * x"), {"x": 2}).parents[0].label == "k"
    assert evaluate(parse("2 * pi"), {}).data == 2 * math.pi
    assert evaluate(parse("2 * pi"), {"pi": 3}).data == 6
    assert evaluate(parse("-3 ** 2"), {}).data == -9
    assert evaluate(parse("x ** -1"), {"x": 2}).op.symbol == "^−1"
    assert evaluate(parse("+x"), {"x": 2}).data == 2


@pytest.mark.parametrize("name", ["silu", "gelu"])
def test_compositions(name):
    value = evaluate(parse(f"{name}(x)"), {"x": 0.5})
    assert value.data == getattr(engine, name)(Value(0.5)).data
    assert evaluate(parse("mean(x, 2, 3)"), {"x": 1}).data == 2
    assert evaluate(parse("logsumexp(x, x)"), {"x": 0}).data == math.log(2)


def test_every_row_can_be_called():
    for op in engine.TABLE.values():
        names = [f"x{i}" for i in range(op.arity)]
        text = f"{op.name}({', '.join(names)})"
        inside = 2.0 if op.domain[0][1:].startswith("1,") else 0.5
        values = dict.fromkeys(names, inside)
        assert evaluate(parse(text), values).data == op(*values.values())


def test_places_are_worked_out_for_errors_alone(monkeypatch):
    """To find each would make reading quadratic: lines are cut up once for a text."""
    asked = []
    find = expression.Place.find
    monkeypatch.setattr(
        expression.Place, "find", lambda place: asked.append(place) or find(place)
    )
    script = parse(";".join(["x + 1"] * 10_000))
    assert evaluate(script, {"x": 2.0}).data == 3.0
    assert asked == []
    sources = {id(step.place.source) for s in script.statements for step in s.steps}
    assert len(sources) == 1
    with pytest.raises(ExpressionError, match=r"^line 2, column 8 in 'log\(x\)': "):
        evaluate(parse("x + 1\né + 2; log(x)"), {"x": -1.0, "é": 1.0})
    assert len(asked) == 1


def test_no_more_than_an_expression_can_have_is_read():
    """Of a file that never ends as of a pipe that never ends."""
    for command in (["-"], ["-f", "-"], ["-f", "/dev/zero"]):
        if not os.path.exists(command[-1]) and command[-1] != "-":
            continue
        run = subprocess.Popen(
            [sys.executable, "-m", "dotgrad", "explain", *command, "x=1"],
            stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT,
        )  # fmt: skip
        with contextlib.suppress(BrokenPipeError):
            if command[-1] == "-":
                for _ in range(1000):
                    run.stdin.write(b"x;" * 5000)
        _, said = run.communicate(timeout=60)
        assert run.returncode == 2
        assert b"longer than the limit of 100000 characters" in said
