"""Optimizers and schedules against their published rules, and against PyTorch."""

import inspect
import json
import math
import pickle
from dataclasses import fields

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import ROOT

import engine
from engine import EngineError, EscapeError, ModelFileError, OptionError, nn
from engine.nn.training import optim
from engine.nn.training.optim import OPTIMIZERS
from engine.tape import jit

GRADIENTS = [[0.5, -2.0], [0.25, 1.0], [-1.0, 0.0], [0.125, 3.0]]
OTHER = {"momentum": 0.8, "decay": 0.9, "epsilon": 1e-7, "betas": (0.8, 0.99)}


def options_of(rule):
    """The names of an optimizer's hyperparameters, without the rate and the decay."""
    known = {"parameters", "lr", "weight_decay"}
    return [field.name for field in fields(rule) if field.name not in known]


def cases():
    """Each optimizer as it comes, and with everything else than that."""
    for rule in OPTIMIZERS:
        other = {name: OTHER[name] for name in options_of(rule)}
        yield rule, {}
        yield rule, other
        yield rule, {"weight_decay": 0.1}
        yield rule, {"weight_decay": 0.1, **other}


def name_of(x):
    return x.__name__ if isinstance(x, type) else ", ".join(x) or "as it comes"


every_case = pytest.mark.parametrize(("rule", "options"), [*cases()], ids=name_of)
every_rule = pytest.mark.parametrize("rule", OPTIMIZERS, ids=name_of)


def path_of(rule, options, lr=0.1):
    """Where two parameters go when they are given these gradients."""
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


# -- every optimizer of the list -------------------------------------------------


def test_every_optimizer_is_listed_public_and_in_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    written = [
        thing
        for thing in vars(optim).values()
        if isinstance(thing, type) and issubclass(thing, nn.Optimizer)
    ]
    assert {*written} == {nn.Optimizer, *OPTIMIZERS}
    for rule in OPTIMIZERS:
        assert getattr(nn, rule.__name__) is rule
        assert rule.__name__ in nn.__all__
        assert f"`{rule.__name__}`" in readme


TORCH = {
    "SGD": lambda torch, p, **o: torch.SGD(p, **o),
    "Momentum": lambda torch, p, momentum=0.9, **o: torch.SGD(
        p, momentum=momentum, **o
    ),
    "Nesterov": lambda torch, p, momentum=0.9, **o: torch.SGD(
        p, momentum=momentum, nesterov=True, **o
    ),
    "AdaGrad": lambda torch, p, epsilon=1e-10, **o: torch.Adagrad(p, eps=epsilon, **o),
    "RMSProp": lambda torch, p, decay=0.99, epsilon=1e-8, **o: torch.RMSprop(
        p, alpha=decay, eps=epsilon, **o
    ),
    "Adam": lambda torch, p, epsilon=1e-8, **o: torch.Adam(p, eps=epsilon, **o),
    "AdamW": lambda torch, p, epsilon=1e-8, **o: torch.AdamW(p, eps=epsilon, **o),
}


@every_case
def test_optimizers_go_where_those_of_torch_go(rule, options):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    w = torch.tensor([1.0, -0.5], dtype=torch.float64, requires_grad=True)
    optimizer = TORCH[rule.__name__](torch.optim, [w], lr=0.1, **options)
    for gradient, ours in zip(GRADIENTS, path_of(rule, options), strict=True):
        w.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
        assert ours == pytest.approx(w.tolist(), rel=1e-13)


def published(rule, options, w, gradients, lr=0.1):
    """The rules of the papers, for one parameter, in their own letters."""
    decay = options.get("weight_decay", 0.01 if rule == "AdamW" else 0)
    epsilon = options.get("epsilon", 1e-10 if rule == "AdaGrad" else 1e-8)
    (beta1, beta2), rho = options.get("betas", (0.9, 0.999)), options.get("decay", 0.99)
    mu = options.get("momentum", 0.9)
    m = v = h = 0.0
    for t, slope in enumerate(gradients, 1):
        g = slope + decay * w  # the gradient of decay/2 · w² is added
        if rule == "SGD":
            w -= lr * g
        elif rule == "Momentum":  # Sutskever et al. (2013), equations 1 and 2
            v = mu * v - lr * g
            w += v
        elif rule == "Nesterov":  # Bengio et al. (2013), equation 7
            old, v = v, mu * v - lr * g
            w += -mu * old + (1 + mu) * v
        elif rule == "AdaGrad":
            h += g**2
            w -= lr * g / (math.sqrt(h) + epsilon)
        elif rule == "RMSProp":
            h = rho * h + (1 - rho) * g**2
            w -= lr * g / (math.sqrt(h) + epsilon)
        elif rule == "Adam":  # Kingma & Ba (2015), algorithm 1
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g**2
            m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
            w -= lr * m_hat / (math.sqrt(v_hat) + epsilon)
        elif rule == "AdamW":  # Loshchilov & Hutter (2019), algorithm 2, lines 6 to 12
            m = beta1 * m + (1 - beta1) * slope
            v = beta2 * v + (1 - beta2) * slope**2
            m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
            w -= lr * (m_hat / (math.sqrt(v_hat) + epsilon) + decay * w)
        else:
            pytest.fail(f"write the published rule of {rule} down here")
        yield w


@every_case
def test_optimizers_follow_the_published_rules(rule, options):
    path = path_of(rule, options)
    for i, start in enumerate((1.0, -0.5)):
        slopes = [g[i] for g in GRADIENTS]
        expected = list(published(rule.__name__, options, start, slopes))
        assert [step[i] for step in path] == pytest.approx(expected, rel=1e-13)


@every_case
def test_weight_decay_is_a_gradient_and_all_rules_descend(rule, options):
    w = nn.parameter(3.0)
    optimizer = rule([w], lr=0.5 if rule is nn.AdaGrad else 0.05, **options)
    for _ in range(300):
        optimizer.zero_grad()
        ((w - 1) ** 2).backward()
        optimizer.step()
    goal = 2 / (2 + options.get("weight_decay", 0.0))  # 2(w − 1) + λw = 0
    if rule.decoupled:  # each of the last steps may lose that share of the weight
        assert goal - 0.03 < w.data < 1.03
    else:
        assert w.data == pytest.approx(goal, abs=0.03)


@every_rule
def test_every_hyperparameter_has_a_range(rule):
    w = nn.parameter(1.0)
    for name in ("lr", "weight_decay", *options_of(rule)):
        for wrong in (-0.1, math.nan, math.inf):
            pair = (0.5, wrong)
            with pytest.raises(OptionError, match=f"{name}={wrong}: a number from 0"):
                rule([w], **{name: pair if name == "betas" else wrong})


@every_rule
def test_the_signature_names_every_hyperparameter(rule):
    """As help and editors show it; a wrong keyword is refused."""
    parameters = inspect.signature(rule).parameters
    assert list(parameters)[:2] == ["parameters", "lr"]
    keyword_only = ("weight_decay", *options_of(rule))
    docs = "".join(kind.__doc__ or "" for kind in rule.__mro__)
    for name in keyword_only:
        assert parameters[name].kind is inspect.Parameter.KEYWORD_ONLY
        assert f"{name}: " in docs
    assert len(parameters) == 2 + len(keyword_only)
    with pytest.raises(TypeError, match="beta"):
        rule([nn.parameter(1.0)], beta=(0.9, 0.99))


# -- one by one ------------------------------------------------------------------


def test_the_decay_of_adamw_does_not_depend_on_the_loss():
    """Without a slope now the weight shrinks by 1 − lr λ, whatever is remembered."""
    for past in (0.01, 100.0):
        w = nn.parameter(2.0)
        optimizer = nn.AdamW([w], lr=0.1, weight_decay=0.5, betas=(0.0, 0.9))
        for slope in (past, 0.0):
            before = w.data
            optimizer.zero_grad()
            (w * slope).backward()
            optimizer.step()
        assert w.data == pytest.approx(before * (1 - 0.1 * 0.5), rel=1e-15)


def test_a_rule_of_ones_own_sees_the_weight():
    class Shrinking(nn.Optimizer):
        def change(self, w, g, lr, state):
            return -lr * w + 0 * g * len(state)

    w = nn.parameter(2.0)
    (w * 7).backward()
    Shrinking([w], lr=0.25).step()
    assert w.data == 1.5


def test_a_parameter_out_of_reach_is_left_alone():
    near, far = nn.parameter(1.0), nn.parameter(1.0)
    optimizer = nn.SGD([near, far], lr=0.1, weight_decay=1.0)
    with pytest.raises(EngineError, match=r"^no parameter has a gradient.*backward"):
        optimizer.step()
    (near * 2).backward()
    optimizer.step()
    assert (near.data, far.data) == (pytest.approx(0.7), 1.0)


def test_wrong_options_of_optimizers():
    w = nn.parameter(1.0)
    with pytest.raises(OptionError, match=r"^there are no parameters"):
        nn.SGD([])
    for wrong in (w * 2, 2.0, "w"):
        with pytest.raises(OptionError, match=r"^a parameter is a leaf Value, not "):
            nn.SGD([wrong])
    with pytest.raises(OptionError, match=r"^a parameter is given twice"):
        nn.SGD([w, nn.parameter(2.0), w])
    for wrong in ({"lr": -1}, {"lr": math.nan}, {"momentum": 1}, {"weight_decay": -1}):
        with pytest.raises(OptionError, match=next(iter(wrong))):
            nn.Momentum([w], **wrong)
    with pytest.raises(OptionError, match="betas=1"):
        nn.Adam([w], betas=(0.9, 1))


def test_a_parameter_that_comes_later_is_not_passed_over():
    """Nothing was kept for it: better an error than a weight that never learns."""
    w, late = nn.parameter(1.0), nn.parameter(1.0)
    optimizer = nn.SGD([w])
    optimizer.parameters.append(late)
    (w * late).backward()
    with pytest.raises(ValueError, match="shorter"):
        optimizer.step()
    assert (w.data, late.data) == (1.0, 1.0)


def test_no_step_is_made_while_a_tape_is_recorded():
    w = nn.parameter(1.0)
    optimizer = nn.SGD([w])
    w.backward()

    @jit
    def train(x):
        optimizer.step()
        return w * x

    with pytest.raises(EscapeError, match=r"step\(\)"):
        train(2.0)
    assert w.data == 1.0


def test_an_optimizer_shows_its_rule_and_its_rate():
    model = nn.Affine.of([[1.0, 2.0]])
    assert repr(nn.Adam(model.parameters(), lr=0.25)) == "Adam(2 parameters, lr=0.25)"


with_epsilon = [rule for rule in OPTIMIZERS if "epsilon" in options_of(rule)]


@pytest.mark.parametrize("rule", with_epsilon, ids=name_of)
def test_what_never_had_a_slope_stays_without_epsilon_too(rule):
    """0 / (√0 + 0) is no number; the limit of 0 / ε is 0."""
    w = nn.parameter(2.0)
    optimizer = rule([w], lr=0.5, epsilon=0, weight_decay=0)
    (w * 0).backward()
    optimizer.step()
    assert w.data == 2.0


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


def test_schedules_are_those_of_torch():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    theirs = torch.optim.lr_scheduler
    pairs = [
        (nn.linear(0.5, 0.1, 20), lambda o: theirs.LinearLR(o, 1, 0.2, 20)),
        (nn.exponential(0.5, 0.9), lambda o: theirs.ExponentialLR(o, 0.9)),
        (nn.steps(0.5, 0.1, every=7), lambda o: theirs.StepLR(o, 7, 0.1)),
        (nn.cosine(0.5, 0.1, 30), lambda o: theirs.CosineAnnealingLR(o, 30, 0.1)),
    ]
    for ours, make in pairs:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
        schedule = make(optimizer)
        for step in range(31):
            assert ours(step) == pytest.approx(schedule.get_last_lr()[0], rel=1e-12)
            optimizer.step()
            schedule.step()


def test_schedules_go_down_in_one_step_or_in_two():
    """Half a cosine at 0, half of it and its end: 1, (1 + cos(π/2)) / 2, 0."""
    wave = nn.cosine(1.0, 0.0, 2)
    assert [wave(i) for i in range(4)] == pytest.approx([1, 0.5, 0, 0], abs=1e-15)
    assert [nn.cosine(1.0, 0.0, 1)(i) for i in range(3)] == [1, 0, 0]
    assert [nn.linear(1.0, 0.0, 1)(i) for i in range(3)] == [1, 0, 0]
    assert [nn.steps(1.0, 0.5, every=1)(i) for i in range(3)] == [1, 0.5, 0.25]


@pytest.mark.parametrize("count", [0, -1, math.nan])
def test_a_schedule_of_no_steps_is_refused(count):
    for schedule in (
        lambda: nn.linear(1.0, 0.0, count),
        lambda: nn.steps(1.0, 0.5, every=count),
        lambda: nn.cosine(1.0, 0.0, count),
    ):
        with pytest.raises(OptionError, match=f"one step or more, not {count}"):
            schedule()


def test_an_optimizer_follows_its_schedule():
    w = nn.parameter(0.0)
    optimizer = nn.SGD([w], lr=nn.linear(1.0, 0.0, 4))
    for _ in range(6):
        optimizer.zero_grad()
        (-w).backward()
        optimizer.step()
    assert w.data == 1.0 + 0.75 + 0.5 + 0.25


def test_a_state_is_a_copy():
    w = nn.parameter(1.0)
    rule = nn.Momentum([w], lr=0.5)
    saved = rule.state_dict()
    (w * 2).backward()
    rule.step()
    assert saved == {"rule": "Momentum", "version": 2, "steps": 0, "state": [[0.0]]}
    rule.load_state_dict(saved)
    assert rule.state_dict() == saved


STATE = {"rule": "Momentum", "version": 2, "steps": 1, "state": [[0.5]]}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ([], "^this is not what state_dict of an optimizer gives"),
        ({"state": None}, "^this is not what state_dict of an optimizer gives"),
        ({"rule": "Adam"}, "^this is the state of Adam, not of Momentum"),
        ({"state": [[0.5], [0.5]]}, "^this is the state of 2 parameters, not of 1"),
        ({"state": [0.5]}, "^Momentum keeps 1 numbers a parameter"),
        ({"state": ["5"]}, "^Momentum keeps 1 numbers a parameter"),
        ({"state": [[]]}, "^Momentum keeps 1 numbers a parameter"),
        ({"state": [[0.5, 0.5]]}, "^Momentum keeps 1 numbers a parameter"),
        ({"state": [["fast"]]}, "^state is 'fast', not a number"),
        ({"steps": -1}, "^steps is -1, not a count"),
        ({"steps": 1.5}, "^steps is 1.5, not a count"),
        ({"steps": None}, "^steps is None, not a count"),
    ],
)
def test_a_state_of_something_else_is_told_and_changes_nothing(wrong, told):
    rule = nn.Momentum([nn.parameter(1.0)])
    rule.load_state_dict(STATE)
    with pytest.raises(ModelFileError, match=told):
        rule.load_state_dict({**STATE, **wrong} if wrong else wrong)
    assert rule.state_dict() == STATE


@pytest.mark.parametrize("size", [1e160, 1e300, 1e-200])
@pytest.mark.parametrize("rule", [nn.AdaGrad, nn.RMSProp, nn.Adam], ids=name_of)
def test_rules_hold_where_the_square_of_a_gradient_is_no_float(rule, size):
    """The published rules at 50 digits; the change, since 1 + 1e-170 is 1."""
    mp = mpmath.mp.clone()
    mp.dps = 50
    made = rule([nn.parameter(0.0)], lr=0.1)
    [state] = made.state
    m, h = mp.mpf(0), mp.mpf(0)
    for t, g in enumerate([size, 0.5, -1.5, 2.0], 1):
        exact = mp.mpf(g)
        if rule is nn.AdaGrad:
            h += exact**2
            change = exact / (mp.sqrt(h) + made.epsilon)
        elif rule is nn.RMSProp:
            h = made.decay * h + (1 - mp.mpf(made.decay)) * exact**2
            change = exact / (mp.sqrt(h) + made.epsilon)
        else:
            one, two = map(mp.mpf, made.betas)
            m, h = one * m + (1 - one) * exact, two * h + (1 - two) * exact**2
            change = m / (1 - one**t) / (mp.sqrt(h / (1 - two**t)) + made.epsilon)
        found = made.change(0.0, g, 0.1, state)
        assert found != 0
        assert found == pytest.approx(float(-mp.mpf(0.1) * change), rel=1e-13, abs=0)


@pytest.mark.parametrize("rule", [nn.AdaGrad, nn.RMSProp, nn.Adam], ids=name_of)
def test_states_with_squares_are_read_as_they_were_meant(rule):
    w = nn.parameter(0.0)
    old = rule([w])
    row = [0.25] * rule.remembers
    numbers = {"rule": rule.__name__, "steps": 1, "state": [row]}
    old.load_state_dict(numbers)
    [place] = rule.roots
    assert old.state[0] == [0.5 if i == place else 0.25 for i in range(len(row))]
    again = rule([w])
    again.load_state_dict(old.state_dict())
    assert again.state == old.state


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("rule", [nn.AdaGrad, nn.RMSProp, nn.Adam], ids=name_of)
def test_a_mean_of_squares_below_zero_is_a_damaged_state(rule, version):
    made = rule([nn.parameter(0.0)])
    before = made.state_dict()
    [place] = rule.roots
    row = [-0.25 if i == place else 0.0 for i in range(rule.remembers)]
    with pytest.raises(ModelFileError, match=r"^-0\.25 is no mean of squares"):
        made.load_state_dict({**before, "version": version, "state": [row]})
    assert made.state_dict() == before
    zero = {**before, "version": version}
    made.load_state_dict(zero)
    assert made.state == [[0.0] * rule.remembers]


# -- on arrays -------------------------------------------------------------------


@pytest.fixture
def on_arrays(monkeypatch):
    """Optimizers work on arrays from the second parameter on."""
    if engine.core != "compiled":
        pytest.skip("no compiled core here")
    monkeypatch.setattr(optim, "MANY", 2)


@every_case
def test_arrays_move_the_parameters_as_the_loop_does(rule, options, request):
    """Within one unit in the last place a step."""
    loop = path_of(rule, options)
    request.getfixturevalue("on_arrays")
    assert hasattr(rule([nn.parameter(1.0), nn.parameter(2.0)]).state, "shape")
    for step, (wanted, found) in enumerate(
        zip(loop, path_of(rule, options), strict=True), 1
    ):
        for a, b in zip(wanted, found, strict=True):
            assert abs(a - b) <= step * math.ulp(a)


ODD = [[math.inf, 0.0], [math.nan, 1e-320], [1e200, -math.inf], [0.0, 0.0]]


@every_rule
def test_numbers_that_are_not_finite_move_them_likewise(rule, request):
    def path():
        parameters = [nn.parameter(1.0), nn.parameter(-0.5)]
        optimizer = rule(parameters, lr=0.1)
        for gradient in ODD:
            for parameter, g in zip(parameters, gradient, strict=True):
                parameter.grad = g
            optimizer.step()
            yield [p.data for p in parameters]

    loop = list(path())
    request.getfixturevalue("on_arrays")
    for wanted, found in zip(loop, path(), strict=True):
        assert found == pytest.approx(wanted, rel=1e-14, nan_ok=True)


@pytest.mark.usefixtures("on_arrays")
@every_rule
def test_arrays_leave_alone_what_no_sweep_has_reached(rule):
    a, b, c = (nn.parameter(x) for x in (1.0, 2.0, 3.0))
    optimizer = rule([a, b, c], lr=0.1)
    with pytest.raises(EngineError, match="no parameter has a gradient"):
        optimizer.step()
    assert optimizer.steps == 0
    (a * c).backward()
    optimizer.step()
    assert a.data < 1.0
    assert (b.data, c.data < 3.0) == (2.0, True)
    assert optimizer.state[1].tolist() == [0.0] * rule.remembers


@pytest.mark.usefixtures("on_arrays")
@every_rule
def test_what_arrays_remember_goes_into_a_loop_and_back(rule, monkeypatch):
    def train(optimizer):
        for parameter in optimizer.parameters:
            (parameter * parameter).backward()
        optimizer.step()

    ws = [nn.parameter(1.0), nn.parameter(-2.0)]
    first = rule(ws, lr=0.1)
    train(first)
    saved = json.loads(json.dumps(first.state_dict()))
    copied = pickle.loads(pickle.dumps(first))
    assert copied.state.tolist() == first.state.tolist() == saved["state"]
    monkeypatch.setattr(optim, "MANY", 100)
    again = rule([nn.parameter(w.data) for w in ws], lr=0.1)
    again.load_state_dict(saved)
    assert isinstance(again.state, list)
    assert isinstance(pickle.loads(pickle.dumps(first)).state, list)
    for optimizer in (first, copied, again):
        optimizer.zero_grad()
        train(optimizer)
    for a, b, c in zip(*(o.parameters for o in (first, copied, again)), strict=True):
        assert a.data == b.data
        assert abs(a.data - c.data) <= 2 * math.ulp(a.data)


@pytest.mark.usefixtures("on_arrays")
def test_a_rule_of_ones_own_gets_numbers():
    class Signs(nn.Adam):
        def change(self, w, g, lr, state):  # noqa: ARG002
            assert isinstance(g, float)
            return -lr if g > 0 else lr

    ws = [nn.parameter(1.0), nn.parameter(2.0)]
    optimizer = Signs(ws, lr=0.5)
    (ws[0] - ws[1]).backward()
    optimizer.step()
    assert [w.data for w in ws] == [0.5, 2.5]
