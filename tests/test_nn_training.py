"""Optimizers against their published rules; fit; files of models."""

import json
import math
import random
import subprocess
import sys
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import EngineError, ModelFileError, OptionError, ShapeError, Value, exp, nn
from engine.nn import storage

GRADIENTS = [[0.5, -2.0], [0.25, 1.0], [-1.0, 0.0], [0.125, 3.0]]
RULES = {
    "SGD": (nn.SGD, {}),
    "SGD with decay": (nn.SGD, {"weight_decay": 0.1}),
    "Momentum": (nn.Momentum, {"momentum": 0.8}),
    "Momentum with decay": (nn.Momentum, {"momentum": 0.8, "weight_decay": 0.1}),
    "Nesterov": (nn.Nesterov, {"momentum": 0.8}),
    "AdaGrad": (nn.AdaGrad, {}),
    "RMSProp": (nn.RMSProp, {"decay": 0.9}),
    "Adam": (nn.Adam, {}),
    "Adam with decay": (nn.Adam, {"weight_decay": 0.1, "betas": (0.8, 0.99)}),
}


def path_of(case, lr=0.1):
    """Where two parameters go when they are given these gradients."""
    rule, options = RULES[case]
    parameters = [nn.parameter(1.0), nn.parameter(-0.5)]
    optimizer = rule(parameters, lr=lr, **options)
    path = []
    for gradient in GRADIENTS:
        optimizer.zero_grad()
        for parameter, g in zip(parameters, gradient, strict=True):
            (parameter * g).backward()
        optimizer.step()
        path.append([p.data for p in parameters])
    return path


@pytest.mark.parametrize("case", RULES)
def test_optimizers_go_where_those_of_torch_go(case):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    rule, options = RULES[case]
    made = {
        nn.SGD: lambda p, **o: torch.optim.SGD(p, **o),
        nn.Momentum: lambda p, **o: torch.optim.SGD(p, **o),
        nn.Nesterov: lambda p, **o: torch.optim.SGD(p, nesterov=True, **o),
        nn.AdaGrad: lambda p, **o: torch.optim.Adagrad(p, **o),
        nn.RMSProp: lambda p, decay, **o: torch.optim.RMSprop(p, alpha=decay, **o),
        nn.Adam: lambda p, **o: torch.optim.Adam(p, **o),
    }
    w = torch.tensor([1.0, -0.5], dtype=torch.float64, requires_grad=True)
    optimizer = made[rule]([w], lr=0.1, **options)
    for gradient, ours in zip(GRADIENTS, path_of(case), strict=True):
        w.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
        assert ours == pytest.approx(w.tolist(), rel=1e-13)


def published(case, w, gradients, lr=0.1):
    """The rules of the papers, for one parameter, in their own letters."""
    m = v = h = 0.0
    for t, g in enumerate(gradients, 1):
        if case == "SGD":
            w -= lr * g
        elif case == "Momentum":  # Sutskever et al. (2013), equations 1 and 2
            v = 0.8 * v - lr * g
            w += v
        elif case == "Nesterov":  # Bengio et al. (2013), equation 7
            old, v = v, 0.8 * v - lr * g
            w += -0.8 * old + 1.8 * v
        elif case == "AdaGrad":
            h += g**2
            w -= lr * g / (math.sqrt(h) + 1e-10)
        elif case == "RMSProp":
            h = 0.9 * h + 0.1 * g**2
            w -= lr * g / (math.sqrt(h) + 1e-8)
        elif case == "Adam":  # Kingma & Ba (2015), algorithm 1
            m = 0.9 * m + 0.1 * g
            v = 0.999 * v + 0.001 * g**2
            m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
            w -= lr * m_hat / (math.sqrt(v_hat) + 1e-8)
        yield w


@pytest.mark.parametrize("case", [c for c in RULES if "decay" not in c])
def test_optimizers_follow_the_published_rules(case):
    for i, start in enumerate((1.0, -0.5)):
        expected = list(published(case, start, [g[i] for g in GRADIENTS]))
        assert [step[i] for step in path_of(case)] == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("case", RULES)
def test_weight_decay_is_a_gradient_and_all_rules_descend(case):
    rule, options = RULES[case]
    w = nn.parameter(3.0)
    optimizer = rule([w], lr=0.5 if case == "AdaGrad" else 0.05, **options)
    for _ in range(300):
        optimizer.zero_grad()
        ((w - 1) ** 2).backward()
        optimizer.step()
    goal = 2 / (2 + options.get("weight_decay", 0.0))  # 2(w − 1) + λw = 0
    assert w.data == pytest.approx(goal, abs=0.03)


def test_a_parameter_out_of_reach_is_left_alone():
    near, far = nn.parameter(1.0), nn.parameter(1.0)
    optimizer = nn.SGD([near, far], lr=0.1, weight_decay=1.0)
    with pytest.raises(EngineError, match="backward"):
        optimizer.step()
    (near * 2).backward()
    optimizer.step()
    assert (near.data, far.data) == (pytest.approx(0.7), 1.0)


def test_wrong_options_of_optimizers():
    w = nn.parameter(1.0)
    with pytest.raises(OptionError, match="no parameters"):
        nn.SGD([])
    with pytest.raises(OptionError, match="leaf Value"):
        nn.SGD([w * 2])
    for wrong in ({"lr": -1}, {"lr": math.nan}, {"momentum": 1}, {"weight_decay": -1}):
        with pytest.raises(OptionError, match=next(iter(wrong))):
            nn.Momentum([w], **wrong)
    with pytest.raises(OptionError, match="betas=1"):
        nn.Adam([w], betas=(0.9, 1))


@given(st.integers(0, 200))
def test_schedules(step):
    line = nn.linear(1.0, 0.1, 100)
    assert line(step) == pytest.approx(1.0 - 0.9 * min(step, 100) / 100)
    assert nn.exponential(0.5, 0.9)(step) == pytest.approx(0.5 * 0.9**step)
    assert nn.steps(0.5, 0.1, every=30)(step) == pytest.approx(
        0.5 * 0.1 ** (step // 30)
    )
    wave = nn.cosine(1.0, 0.2, 100, warmup=10)
    if step >= 10:
        angle = math.pi * min(step - 10, 100) / 100
        assert wave(step) == pytest.approx(0.6 + 0.4 * math.cos(angle))
    else:
        assert wave(step) == pytest.approx((step + 1) / 10)


def test_an_optimizer_follows_its_schedule():
    w = nn.parameter(0.0)
    optimizer = nn.SGD([w], lr=nn.linear(1.0, 0.0, 4))
    for _ in range(6):
        optimizer.zero_grad()
        (-w).backward()
        optimizer.step()
    assert w.data == 1.0 + 0.75 + 0.5 + 0.25


# -- fit -------------------------------------------------------------------------


def small():
    rng = random.Random(5)
    affine = nn.Affine(2, 3, rng=rng)
    model = nn.Sequential(affine, nn.Tanh(), nn.Affine(3, 2, rng=rng))
    xs = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(12)]
    return model, xs, [int(a * b > 0) for a, b in xs]


def trained(epochs, optimizer=nn.Adam, seed=1, **options):
    model, xs, ys = small()
    rule = optimizer(model.parameters(), lr=0.05)
    history = nn.fit(
        model, xs, ys, loss=nn.softmax_cross_entropy, optimizer=rule, epochs=epochs,
        batch_size=5, rng=random.Random(seed), **options,
    )  # fmt: skip
    return model, history


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
            epoch.append(loss.data)
        losses.append(sum(epoch) / 3)
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


def test_fit_adds_the_penalty_once_for_each_batch():
    model = nn.Affine.of([[2.0]])
    history = nn.fit(
        model, [[0.0], [0.0]], [[1.0], [1.0]], loss=nn.sum_of_squares, epochs=1,
        optimizer=nn.SGD(model.parameters(), lr=0.25), batch_size=2,
        penalty=lambda m: sum(p * p for p in m.parameters()),
    )  # fmt: skip
    assert history["loss"] == [0.5 + 4.0]
    assert model.weight[0][0].data == 2 - 0.25 * 4


def test_a_resumed_training_is_the_uninterrupted_one(tmp_path):
    path = tmp_path / "run.json"
    whole, history = trained(6)
    trained(4, checkpoint=path)
    resumed, again = trained(6, checkpoint=path, resume=True)
    assert resumed.state_dict() == whole.state_dict()
    assert again.series == history.series
    assert [p.name for p in tmp_path.iterdir()] == ["run.json"]


def test_a_checkpoint_of_another_training_changes_nothing(tmp_path):
    path = tmp_path / "run.json"
    trained(1, checkpoint=path)
    with pytest.raises(ModelFileError, match="of Adam, not of SGD"):
        trained(2, nn.SGD, checkpoint=path, resume=True)
    model = nn.Affine(1, 1, rng=random.Random(0))
    before = model.state_dict()
    options = {
        "loss": nn.sum_of_squares, "optimizer": nn.Adam(model.parameters()),
        "rng": random.Random(0), "checkpoint": path, "resume": True,
    }  # fmt: skip
    with pytest.raises(ModelFileError, match=r"lacks weight\.0\.0"):
        nn.fit(model, [[1.0]], [[1.0]], **options)
    with pytest.raises(ModelFileError, match="rng="):
        nn.fit(model, [[1.0]], [[1.0]], **{**options, "rng": None})
    assert model.state_dict() == before
    with pytest.raises(OptionError, match="checkpoint="):
        trained(1, resume=True)


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
    assert __file__ in history.stopped or "test_nn_training.py" in history.stopped
    assert len(history) < 50


def test_fit_stops_at_a_gradient_that_is_not_finite():
    w = nn.parameter(0.0, "w")
    with pytest.warns(nn.TrainingWarning, match=r"sqrt\(0\)"):
        history = nn.fit(
            lambda x: w, [0.0], [0.0], loss=lambda y, t: (y * y).sqrt(),
            optimizer=nn.SGD([w]),
        )  # fmt: skip
    assert (w.data, len(history)) == (0.0, 0)


def test_ctrl_c_keeps_what_was_trained():
    calls = []

    def interrupt(model):
        calls.append(model.state_dict())
        if len(calls) == 3:
            raise KeyboardInterrupt
        return 0.0

    model, history = trained(10, watch={"calls": interrupt})
    assert history.stopped == "interrupted in epoch 4"
    assert model.state_dict() == calls[-1] != calls[0]


def test_wrong_options_of_fit():
    model, xs, ys = small()
    optimizer = nn.SGD(model.parameters())
    good = {"loss": nn.softmax_cross_entropy, "optimizer": optimizer}
    with pytest.raises(ShapeError, match="12 samples and 3 targets"):
        nn.fit(model, xs, ys[:3], **good)
    for wrong in ({"epochs": -1}, {"batch_size": 0}, {"batch_size": 1.5}):
        with pytest.raises(OptionError, match=next(iter(wrong))):
            nn.fit(model, xs, ys, **good, **wrong)


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


# -- files -----------------------------------------------------------------------

LOAD = """
import random, sys
from engine.nn import MLP
model = MLP(2, [3, 1])
model.load(sys.argv[1])
print(model([0.1, -0.7]).data.hex(), [p.data.hex() for p in model.parameters()])
"""


def test_a_fresh_process_loads_the_same_numbers(tmp_path):
    model = nn.MLP(2, [3, 1])
    odd = [0.1 + 0.2, -0.0, 5e-324, 1.7976931348623157e308, 1 / 3]
    for parameter, x in zip(model.parameters(), odd, strict=False):
        parameter.data = x
    path = tmp_path / "model.json"
    model.save(path)
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(path)], capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    numbers = [p.data.hex() for p in model.parameters()]
    assert done.stdout.split(" ", 1)[1].strip() == str(numbers)
    assert done.stdout.split(" ", 1)[0] == model([0.1, -0.7]).data.hex()


def test_numbers_that_json_cannot_write(tmp_path):
    model = nn.Affine.of([[math.inf, -math.inf, math.nan]])
    model.save(tmp_path / "odd.json")
    strict = json.JSONDecoder(parse_constant=lambda name: pytest.fail(name))
    strict.decode((tmp_path / "odd.json").read_text())
    other = nn.Affine.of([[0.0, 0.0, 0.0]])
    other.load(tmp_path / "odd.json")
    assert str(other.state_dict()) == str(model.state_dict())


def damaged(text):
    yield text[: len(text) // 2], "not JSON, or damaged"
    yield "", "not JSON"
    yield "[" * 100_000, "not JSON"
    yield "[1, 2]", "not a file that dotgrad wrote"
    yield '{"format": "something else"}', "not a file that dotgrad wrote"
    yield text.replace('"version": 1', '"version": 99'), "version 99"
    yield text.replace("0.25", "0.26"), "checksum"
    yield text.replace("dotgrad model", "dotgrad checkpoint"), "for a model"


def test_damaged_and_foreign_files_change_nothing(tmp_path):
    model = nn.Affine.of([[0.25, 0.5]], [1.0, 2.0])
    path = tmp_path / "model.json"
    model.save(path)
    before = model.state_dict()
    for text, message in damaged(path.read_text()):
        (tmp_path / "wrong.json").write_text(text)
        with pytest.raises(ModelFileError, match=message) as caught:
            model.load(tmp_path / "wrong.json")
        assert "wrong.json" in str(caught.value)
        assert model.state_dict() == before
    (tmp_path / "bytes.json").write_bytes(b"\xff\x00\x80")
    with pytest.raises(ModelFileError, match="not JSON"):
        model.load(tmp_path / "bytes.json")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        model.load(tmp_path / "nowhere.json")
    nn.Affine.of([[0.25, 0.5]]).save(path)
    with pytest.raises(ModelFileError, match=r"lacks bias.0, bias.1"):
        model.load(path)
    assert model.state_dict() == before


def test_states_that_do_not_fit():
    model = nn.Affine.of([[0.25] * 9])
    with pytest.raises(ModelFileError, match=r"lacks weight.0.0.* and 4 more"):
        model.load_state_dict({})
    state = model.state_dict()
    with pytest.raises(ModelFileError, match=r"has no more"):
        model.load_state_dict({**state, "more": 1.0})
    for wrong in ("0.5", None, [1.0], True):
        with pytest.raises(ModelFileError, match="not a number"):
            model.load_state_dict({**state, "weight.0.8": wrong})
    with pytest.raises(ModelFileError, match="a state is a dict"):
        model.load_state_dict([1.0])
    assert model.state_dict() == state


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    model = nn.Affine.of([[0.25]])
    path = tmp_path / "model.json"
    model.save(path)
    old = path.read_bytes()
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "")))
    model.weight[0][0].data = 1.0
    with pytest.raises(OSError, match="28"):
        model.save(path)
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


def test_storage_knows_one_checksum_for_one_body(tmp_path):
    storage.write(tmp_path / "a", "model", {"b": (1, 2.5), "a": {"x": None}}, "")
    assert storage.read(tmp_path / "a", "model") == {"b": [1, 2.5], "a": {"x": None}}


def test_no_warning_when_all_is_well():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trained(2)
    assert Value(1.0).kind == "leaf"
