"""Optimizers and schedules against their published rules, and against PyTorch."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import EngineError, OptionError, nn

GRADIENTS = [[0.5, -2.0], [0.25, 1.0], [-1.0, 0.0], [0.125, 3.0]]
RULES = {
    "SGD": (nn.SGD, {}),
    "SGD with decay": (nn.SGD, {"weight_decay": 0.1}),
    "Momentum": (nn.Momentum, {"momentum": 0.8}),
    "Momentum with decay": (nn.Momentum, {"momentum": 0.8, "weight_decay": 0.1}),
    "Nesterov": (nn.Nesterov, {"momentum": 0.8}),
    "Nesterov with decay": (nn.Nesterov, {"momentum": 0.8, "weight_decay": 0.1}),
    "AdaGrad": (nn.AdaGrad, {}),
    "AdaGrad with decay": (nn.AdaGrad, {"weight_decay": 0.1, "epsilon": 1e-7}),
    "RMSProp": (nn.RMSProp, {"decay": 0.9}),
    "RMSProp with decay": (nn.RMSProp, {"decay": 0.9, "weight_decay": 0.1}),
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
        nn.AdaGrad: lambda p, epsilon=1e-10, **o: torch.optim.Adagrad(
            p, eps=epsilon, **o
        ),
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
    rule, options = case.split()[0], RULES[case][1]
    decay, (beta1, beta2) = options.get("weight_decay", 0), options.get("betas", BETAS)
    m = v = h = 0.0
    for t, slope in enumerate(gradients, 1):
        g = slope + decay * w  # the gradient of decay/2 · w² is added
        if rule == "SGD":
            w -= lr * g
        elif rule == "Momentum":  # Sutskever et al. (2013), equations 1 and 2
            v = 0.8 * v - lr * g
            w += v
        elif rule == "Nesterov":  # Bengio et al. (2013), equation 7
            old, v = v, 0.8 * v - lr * g
            w += -0.8 * old + 1.8 * v
        elif rule == "AdaGrad":
            h += g**2
            w -= lr * g / (math.sqrt(h) + options.get("epsilon", 1e-10))
        elif rule == "RMSProp":
            h = 0.9 * h + 0.1 * g**2
            w -= lr * g / (math.sqrt(h) + 1e-8)
        elif rule == "Adam":  # Kingma & Ba (2015), algorithm 1
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g**2
            m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
            w -= lr * m_hat / (math.sqrt(v_hat) + 1e-8)
        yield w


BETAS = (0.9, 0.999)


@pytest.mark.parametrize("case", RULES)
def test_optimizers_follow_the_published_rules(case):
    for i, start in enumerate((1.0, -0.5)):
        expected = list(published(case, start, [g[i] for g in GRADIENTS]))
        assert [step[i] for step in path_of(case)] == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("case", RULES)
def test_weight_decay_is_a_gradient_and_all_rules_descend(case):
    rule, options = RULES[case]
    w = nn.parameter(3.0)
    optimizer = rule([w], lr=0.5 if rule is nn.AdaGrad else 0.05, **options)
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
    with pytest.raises(OptionError, match="given twice"):
        nn.SGD([w, nn.parameter(2.0), w])
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
    assert saved == {"rule": "Momentum", "steps": 0, "state": [[0.0]]}
    rule.load_state_dict(saved)
    assert rule.state_dict() == saved
