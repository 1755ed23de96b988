"""One mistake is one traceback."""

import contextlib
import gc
import subprocess
import sys
import traceback
import weakref
from fractions import Fraction

import pytest

import engine
from engine import Value
from engine.tape import Tape, jit

HEAD = "Traceback (most recent call last)"
zero = Value(0.0)


@jit
def inverse(x):
    return 1 / x


@jit
def logarithm(x):
    return engine.log(x)


def without_grad():
    with engine.no_grad():
        return 1 / zero


MISTAKES = {
    "value / 0": lambda: Value(1.0) / 0,
    "1 / value": lambda: 1 / zero,
    "value / value": lambda: Value(1.0) / zero,
    "//": lambda: Value(1.0) // zero,
    "%": lambda: Value(1.0) % 0,
    "divmod": lambda: divmod(Value(1.0), zero),
    "folded **": lambda: zero**-1,
    "**": lambda: zero ** Value(-1.0),
    "complex": lambda: Value(-8.0) ** 0.5,
    "overflow": lambda: Value(1e200) ** 2,
    "method": lambda: zero.log(),
    "method of a large number": lambda: Value(1e308).hypot(1e308).cosh(),
    "function": lambda: engine.exp(Value(1000.0)),
    "function of a number": lambda: engine.log(0.0),
    "function of two numbers": lambda: engine.pow(-8.0, 0.5),
    "function of a fraction": lambda: engine.truediv(Fraction(1), 0),
    "composed": lambda: 1 / engine.softmax([zero, zero - 800])[1],
    "mean": lambda: engine.mean([Value(1.0), 1 / zero]),
    "no_grad": without_grad,
    "recording": lambda: jit(lambda x: 1 / x)(0.0),
    "replay": lambda: (inverse(2.0), inverse(0.0)),
    "replayed gradient": lambda: (inverse(2.0), inverse.value_and_grad(0.0)),
    "replayed method": lambda: (logarithm(2.0), logarithm(0.0)),
    "batch": lambda: inverse.batch([2.0, 0.0]),
    "grad": lambda: engine.grad(lambda x: 1 / x)(0.0),
    "hessian": lambda: engine.hessian(engine.log)(0.0),
    "jvp": lambda: engine.jvp(engine.sqrt, (-1.0,), (1.0,)),
    "check": lambda: engine.check_gradients(lambda x: 1 / x, 0.0),
    "recompute": lambda: engine.recompute(1 / leaf, {leaf: 0.0}),
    "not a number": lambda: Value(1.0) + "1",
    "tape": lambda: Tape.from_json("{"),
}
leaf = Value(2.0)


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_traceback(mistake):
    with pytest.raises((ArithmeticError, ValueError, TypeError)):
        mistake()
    try:
        mistake()
    except Exception:
        assert traceback.format_exc().count(HEAD) == 1


def test_an_operation_of_ones_own_names_the_row_that_failed():
    own = engine.register("own", "own", lambda x: engine.log(x) ** 3, (1,))
    try:
        for x in (0.0, zero):
            with pytest.raises(
                engine.DomainError, match=r"^own\(0\.0\): log\(0\.0\)"
            ) as caught:
                own(x)
            shown = traceback.format_exception(caught.value)
            assert "".join(shown).count(HEAD) == 1
    finally:
        engine.unregister("own")


@pytest.mark.parametrize("x", [0.0, zero], ids=["number", "Value"])
def test_what_the_program_was_handling_is_still_shown(x):
    def f():
        try:
            return {}["rate"]
        except KeyError:
            return engine.log(x)

    with pytest.raises(engine.DomainError) as caught:
        f()
    shown = "".join(traceback.format_exception(caught.value))
    assert shown.count(HEAD) == 2
    assert "KeyError: 'rate'" in shown


def test_an_error_that_was_caught_holds_no_graph():
    gc.disable()
    try:
        x = Value(0.0)
        y, alive = x * 2, weakref.ref(x)
        with contextlib.suppress(ZeroDivisionError):
            1 / y
        del x, y
        assert alive() is None
    finally:
        gc.enable()


def test_the_prompt_shows_it_once():
    program = "from engine import Value\nx = Value(1.0, label='x')\nx / 0\n"
    done = subprocess.run(
        [sys.executable, "-i"],
        input=program,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.count(HEAD) == 1
    assert "truediv('x' = 1.0, 0.0): division by zero" in done.stderr
