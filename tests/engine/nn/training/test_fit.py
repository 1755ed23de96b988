"""`fit`: it is the plain loop, and stops well."""

import dataclasses
import io
import json
import math
import random
import signal
import sys
import warnings

import pytest
from places import ROOT
from small_training import in_a_process, small, trained

from engine import OperandError, OptionError, ShapeError, Value, exp, nn
from engine.nn.training import checkpoint
from engine.nn.training.step import delay_interrupts
from engine.tape import BACKENDS
from engine.tape.backends.backend import select_backend
from engine.tape.samples import Samples


def test_fit_is_the_plain_loop():
    model, xs, ys = small()
    optimizer = nn.Adam(model.parameters(), lr=0.05)
    rng, losses = random.Random(1), []
    for _ in range(3):
        order = list(range(12))
        rng.shuffle(order)
        epoch = []
        for batch in (order[:5], order[5:10], order[10:]):
            optimizer.zero_grad()
            rows = [model(xs[i]) for i in batch]
            loss = nn.softmax_cross_entropy(rows, [ys[i] for i in batch])
            loss.backward()
            optimizer.step()
            epoch.append(loss.data * len(batch))
        losses.append(sum(epoch) / 12)
    fitted, history = trained(3)
    assert history["loss"] == pytest.approx(losses, rel=1e-12)
    ours = [p.data for p in fitted.parameters()]
    assert ours == pytest.approx([p.data for p in model.parameters()], rel=1e-9)


def test_fit_learns_and_watches():
    _, xs, ys = small()
    model, history = trained(
        60, watch={"accuracy": lambda model: nn.accuracy(model, xs, ys)}
    )
    assert len(history) == 60
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert history["accuracy"][-1] == nn.accuracy(model, xs, ys) > 0.8
    assert repr(history).startswith("History(60 epochs: loss ")
    with pytest.raises(KeyError, match="'loss', 'accuracy'"):
        history["precision"]


def test_fit_makes_its_samples_once_and_compiles_one_replay(monkeypatch):
    pytest.importorskip("numpy", reason="the extra fast is not installed")
    made, compiled = [], []
    make, compile_batch = Samples.of, select_backend("numpy").compile_batch

    def compile_and_note(tape, threads):
        compiled.append(len(tape.ops))
        return compile_batch(tape, threads)

    for name, backend in BACKENDS.items():
        spied = dataclasses.replace(
            backend, compile_batch=compile_and_note, compile_sample=None
        )
        monkeypatch.setitem(BACKENDS, name, spied)
    monkeypatch.setattr(
        Samples, "of", lambda args: made.append(len(args[0])) or make(args)
    )
    _, history = trained(3)
    assert len(history) == 3
    assert made == [12]
    assert len(compiled) == 1


def test_a_history_shows_what_it_has():
    history = nn.History()
    assert (repr(history), history.stopped) == ("History(0 epochs)", "")
    with pytest.raises(KeyError, match="'loss': the history has nothing yet"):
        history["loss"]
    history.append({"loss": 0.5, "accuracy": 0.25})
    assert repr(history) == "History(1 epoch: loss 0.5, accuracy 0.25)"
    history.append({"loss": 0.125, "accuracy": 1.0})
    history.stopped = "epoch 3, sample 0 is not finite.\nThe value of ..."
    assert repr(history) == (
        "History(2 epochs: loss 0.125, accuracy 1; "
        "stopped: epoch 3, sample 0 is not finite.)"
    )


def test_as_it_comes_fit_takes_32_samples_a_step_and_all_of_them_10_times():
    for count, steps in ((32, 10), (33, 20)):
        w = nn.parameter(1.0)
        optimizer = nn.SGD([w])
        history = nn.fit(
            lambda x, w=w: w * x, [1.0] * count, [0.0] * count,
            loss=nn.sum_of_squares, optimizer=optimizer,
        )  # fmt: skip
        assert (len(history), optimizer.steps) == (10, steps)


@pytest.mark.parametrize("tape", [True, False])
def test_a_penalty_that_is_a_number_is_an_error(tape):
    """It would be added to the loss, and never to a gradient."""
    w = nn.parameter(2.0)
    with pytest.raises(
        OperandError, match=r"^the penalty is 4.0 and no Value.*model.s parameters by"
    ):
        nn.fit(
            lambda x: w * x, [1.0], [0.0], loss=nn.sum_of_squares,
            optimizer=nn.SGD([w]), penalty=lambda _: 4.0, tape=tape,
        )  # fmt: skip


def test_a_penalty_is_recorded_once_too():
    pytest.importorskip("numpy", reason="the extra fast is not installed")
    w, calls = nn.parameter(1.0), []

    def penalty(_):
        calls.append(1)
        return w * w

    nn.fit(
        lambda x: w * x, [1.0] * 40, [0.0] * 40, loss=nn.sum_of_squares, epochs=1,
        optimizer=nn.SGD([w]), penalty=penalty, batch_size=1,
    )  # fmt: skip
    assert len(calls) < 20


@pytest.mark.parametrize("tape", [True, False])
def test_fit_adds_the_penalty_once_for_each_batch(tape):
    model = nn.Affine.of([[2.0]])
    history = nn.fit(
        model, [[0.0], [0.0]], [[1.0], [1.0]], loss=nn.sum_of_squares, epochs=1,
        optimizer=nn.SGD(model.parameters(), lr=0.25), batch_size=2,
        penalty=lambda m: sum(p * p for p in m.parameters()), tape=tape,
    )  # fmt: skip
    assert history["loss"] == [0.5 + 4.0]
    assert model.weight[0][0].data == 2 - 0.25 * 4


@pytest.mark.parametrize("lr", [1e3, 1e200])
def test_fit_stops_before_nan_and_tells_why(lr):
    """The steps are too large: what overflows is a value, or an operation raises."""
    model = nn.Affine.of([[1.0]])
    start = model.weight[0][0]
    with pytest.warns(nn.TrainingWarning, match="sample 0 is not finite") as caught:
        history = nn.fit(
            model, [[3.0]], [[1.0]], loss=lambda y, t: exp(nn.sum_of_squares(y, t)),
            optimizer=nn.SGD([start], lr=lr), epochs=50, progress=False,
        )  # fmt: skip
    assert math.isfinite(start.data)
    assert history.stopped == str(caught[0].message)
    assert "exp(" in history.stopped
    assert __file__ in history.stopped or "test_fit.py" in history.stopped
    assert "contextlib" not in history.stopped
    assert len(history) < 50


def test_fit_stops_at_a_gradient_that_is_not_finite():
    w = nn.parameter(0.0, "w")
    with pytest.warns(nn.TrainingWarning, match=r"sqrt\(0\)") as caught:
        history = nn.fit(
            lambda x: w, [0.0], [0.0], loss=lambda y, t: (y * y).sqrt(),
            optimizer=nn.SGD([w]),
        )  # fmt: skip
    assert (w.data, len(history)) == (0.0, 0)
    assert caught[0].filename == __file__


def test_no_epochs_are_no_training():
    model, history = trained(0)
    assert (len(history), history.stopped) == (0, "")
    assert model.state_dict() == small()[0].state_dict()


def test_a_step_that_overflows_is_not_made():
    w = nn.parameter(1.0, "w")
    with pytest.warns(nn.TrainingWarning, match=r"rate 1e\+300 is too large"):
        history = nn.fit(
            lambda x: w * x, [1e10], [0.0], loss=nn.mean_squared_error,
            optimizer=nn.Momentum([w], lr=1e300), tape=False,
        )  # fmt: skip
    assert (w.data, len(history)) == (1.0, 0)


def test_the_story_of_a_penalty():
    w = nn.parameter(0.0, "w")
    with pytest.warns(
        nn.TrainingWarning, match="^epoch 1, the penalty is not finite"
    ) as caught:
        nn.fit(
            lambda x: w * x, [1.0], [0.0], loss=nn.mean_squared_error,
            optimizer=nn.SGD([w]), penalty=lambda _: (w * w).sqrt(),
        )  # fmt: skip
    assert "sqrt(0)" in str(caught[0].message)


@pytest.mark.parametrize("tape", [True, False])
def test_the_sample_that_fails_is_told_by_its_number(tape):
    """1 / (w x) at x = 0, the third of four samples, in the second step."""
    w = nn.parameter(1.0, "w")
    with pytest.warns(nn.TrainingWarning, match="^epoch 1, sample 2 is not finite"):
        nn.fit(
            lambda x: 1 / (w * x), [1.0, 2.0, 0.0, 3.0], [0.0] * 4, batch_size=2,
            loss=nn.mean_squared_error, optimizer=nn.SGD([w], lr=0.0), tape=tape,
        )  # fmt: skip


def test_an_operation_that_fails_beside_the_loss_is_told():
    """Its result is not used, so that there is no story: the error itself says it."""
    w = nn.parameter(1.0)

    def loss(y, t):
        1 / (y * 0)
        return y - t

    with pytest.warns(nn.TrainingWarning, match="^epoch 1, .*division by zero"):
        nn.fit(
            lambda x: w * x, [1.0], [0.0], loss=loss, optimizer=nn.SGD([w]),
            tape=False,
        )  # fmt: skip
    assert w.data == 1.0


def test_a_sum_of_finite_numbers_that_overflows_is_told():
    w = nn.parameter(1.0)
    with pytest.warns(nn.TrainingWarning, match="^epoch 1, the sum over the batch"):
        nn.fit(
            lambda x: w * x, [1.5e308], [0.0], loss=lambda y, t: y - t,
            penalty=lambda _: w * 1.5e308, optimizer=nn.SGD([w]),
        )  # fmt: skip
    assert w.data == 1.0


def test_an_interrupt_keeps_what_was_trained():
    calls = []

    def interrupt(model):
        calls.append(model.state_dict())
        if len(calls) == 3:
            raise KeyboardInterrupt
        return 0.0

    with pytest.warns(nn.TrainingWarning, match="interrupted"):
        model, history = trained(10, watch={"calls": interrupt})
    assert history.stopped == "interrupted after 2 of 10 epochs"
    assert [len(row) for row in history.series.values()] == [2, 2]
    assert model.state_dict() == calls[-1] != calls[0]


CTRL_C = """
import os, signal, sys
from engine.nn import SGD, Module, fit, parameter

signal.signal(signal.SIGINT, signal.default_int_handler)  # it may be ignored outside

class Three(Module):
    def __init__(self):
        self.numbers = [parameter(0.0) for _ in range(3)]
    def forward(self, x):
        return sum(self.numbers)

class Interrupted(SGD):
    def change(self, w, g, lr, state):  # in the middle of the 50th step
        if [p.data for p in self.parameters] == [-50, -49, -49]:
            os.kill(os.getpid(), signal.SIGINT)
        return super().change(w, g, lr, state)

model = Three()
rule = Interrupted(model.parameters(), lr=1.0)
history = fit(model, [0.0] * 6, [0.0] * 6, loss=lambda y, t: y, optimizer=rule,
              epochs=10**9, batch_size=2, tape=False)
print(model.state_dict(), history.stopped, sep="\\n")
model.save(sys.argv[1])
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
"""


def test_ctrl_c_in_the_middle_of_a_step_waits_for_its_end(tmp_path):
    path = tmp_path / "model.json"
    done = in_a_process(CTRL_C, path)
    whole = {f"numbers.{i}": -50.0 for i in range(3)}
    expected = [str(whole), "interrupted after 16 of 1000000000 epochs"]
    assert done.stdout.splitlines() == expected
    assert "TrainingWarning: interrupted" in done.stderr
    assert json.loads(path.read_text())["model"]["parameters"] == whole


@pytest.fixture
def usual_ctrl_c():
    """Python's own handler, also where the signal is ignored (nohup, CI)."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("usual_ctrl_c")
def test_ctrl_c_after_the_last_pause_is_not_lost():
    done = False
    with pytest.raises(KeyboardInterrupt), delay_interrupts() as pause:
        pause()
        signal.raise_signal(signal.SIGINT)
        done = True  # what must not be left half done
    assert done
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("usual_ctrl_c")
def test_ctrl_c_at_the_end_of_fit_is_not_lost(monkeypatch, tmp_path):
    """While the last checkpoint is written, and after the last step of all."""
    store = checkpoint.store

    def interrupted(*args):
        store(*args)
        if len(args[3]) == 3:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(checkpoint, "store", interrupted)
    with pytest.warns(nn.TrainingWarning, match="interrupted"):
        _, history = trained(3, checkpoint=tmp_path / "run.json")
    assert history.stopped == "interrupted after 3 of 3 epochs"
    assert len(history) == 3


BARE = """
import sys
sys.modules.update({"numpy": None})
import runpy
runpy.run_path(sys.argv[1])["logistic_gate"]()
"""


def test_fit_does_without_numpy_and_says_so():
    example = ROOT / "examples" / "logistic_gate.py"
    done = in_a_process(BARE, example)
    assert "1 and 1: 0.97" in done.stdout
    [notice] = done.stderr.splitlines()
    assert notice.startswith("training without a tape, which is slower: ")
    assert notice.endswith("pip install 'dotgrad[fast]'")


def test_what_a_tape_cannot_do_is_done_without(capsys):
    """At the first sample, or on a way that a later one goes."""
    for odd in (0, 1):
        w = nn.parameter(0.0)
        history = nn.fit(
            lambda x, w=w, odd=odd: w * (x if x != odd else float(x)),
            [0.0, 1.0], [0.0, 2.0], loss=nn.sum_of_squares, batch_size=1,
            optimizer=nn.SGD([w], lr=1.0), epochs=2,
        )  # fmt: skip
        assert (w.data, history["loss"]) == (2.0, [1.0, 0.0])
        [notice] = capsys.readouterr().err.splitlines()
        assert "without a tape" in notice
        assert "float(v)" in notice


def test_a_mistake_is_told_once_and_not_blamed_on_the_tape(capsys):
    model, xs, ys = small()
    rule = nn.SGD(model.parameters())
    with pytest.raises(ShapeError, match=r"Affine\(2, 3\) wants 2 inputs, not 1"):
        nn.fit(
            model, [x[:1] for x in xs], ys, loss=nn.softmax_cross_entropy,
            optimizer=rule,
        )  # fmt: skip
    for xs_, ys_ in (([[1.0], *xs], [0, *ys]), ([xs[0], *xs], [7, *ys])):
        with pytest.raises((ShapeError, OptionError), match=r"wants 2 inputs|class is"):
            nn.fit(model, xs_, ys_, loss=nn.softmax_cross_entropy, optimizer=rule)
    with pytest.raises(OperandError, match=r"the loss of sample 0 is 1.0 and no Value"):
        nn.fit(model, xs, ys, loss=lambda y, t: 1.0, optimizer=rule, tape=False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("tape", [True, False])
@pytest.mark.parametrize(
    ("loss", "targets", "message"),
    [
        (nn.softmax_cross_entropy, [0, 1, 2], "the class is 2.*: choose from 0 to 1"),
        (nn.softmax_cross_entropy, [0, 1, 0.5], "the class is 0.5"),
        (nn.softmax_cross_entropy, [[0, 1], [1, 0], [1, 1]], "sum up to 1"),
        (nn.hinge, [[1, 1], [1, -1], [0, 1]], "−1 or 1, not 0"),
        (nn.binary_cross_entropy, [[1, 1], [0, 0.5], [0, 2]], "from 0 to 1, not 2"),
    ],
)
def test_a_wrong_target_is_found_in_a_replay_too(tape, loss, targets, message):
    model = nn.Affine(1, 2, rng=random.Random(0))
    with pytest.raises(OptionError, match=message):
        nn.fit(
            model, [[1.0], [2.0], [3.0]], targets, loss=loss, batch_size=1,
            optimizer=nn.SGD(model.parameters()), tape=tape,
        )  # fmt: skip


def test_wrong_options_of_fit():
    model, xs, ys = small()
    optimizer = nn.SGD(model.parameters())
    good = {"loss": nn.softmax_cross_entropy, "optimizer": optimizer}
    with pytest.raises(ShapeError, match="12 samples and 3 targets"):
        nn.fit(model, xs, ys[:3], **good)
    for wrong in (
        {"epochs": -1}, {"batch_size": 0}, {"batch_size": 1.5}, {"watch": {"loss": abs}}
    ):  # fmt: skip
        with pytest.raises(OptionError, match="^" + next(iter(wrong))):
            nn.fit(model, xs, ys, **good, **wrong)
    calls = []
    with pytest.raises(
        OptionError, match=r"^a checkpoint keeps a Module, not <function"
    ):
        nn.fit(lambda x: calls.append(x), xs, ys, checkpoint="run.json", **good)
    assert calls == []


def test_fit_shows_a_bar_on_a_terminal_and_says_which_extra_it_needs(
    monkeypatch, capsys
):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    trained(2)
    assert "training" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "tqdm", None)
    trained(2)
    assert capsys.readouterr().err.strip().endswith("pip install 'dotgrad[progress]'")
    trained(2, progress=False)
    assert capsys.readouterr().err == ""


def test_fit_shows_a_bar_in_a_notebook(monkeypatch):
    """Its stream is no terminal, and of a class of this module."""
    stream = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})()
    monkeypatch.setattr(sys, "stderr", stream)
    trained(2)
    assert "training: 100%" in stream.getvalue()
    assert "6/6" in stream.getvalue()  # 2 epochs of 12 samples, by 5
    assert "step" in stream.getvalue()
    assert "loss 0." in stream.getvalue()
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    trained(2)
    assert sys.stderr.getvalue() == ""


def test_no_warning_when_all_is_well():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trained(2)
    assert Value(1.0).kind == "leaf"
