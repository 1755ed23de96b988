"""Losses where logits are infinite: classes masked out, certain answers."""

import math

import pytest
from backends import every_backend

from engine import TapeError, Value, grad, hessian, logsumexp, softmax, why_nan
from engine.nn.losses import binary_cross_entropy, softmax_cross_entropy
from engine.tape import jit

INF = math.inf
MASKED = [1.0, 2.0, -INF]
LOSS = math.log(1 + math.e)  # of class 0 against class 1 alone, which is 1 ahead
P = 1 / (1 + math.e)  # the probability of class 0
TARGETS = [0, 0.0, [1.0, 0.0, 0.0]]
close = {"rel": 1e-14, "abs": 0}


@pytest.mark.parametrize("target", [*TARGETS, Value(0.0)], ids=str)
def test_a_masked_logit_takes_its_class_out(target):
    assert softmax_cross_entropy(MASKED, target) == pytest.approx(LOSS, **close)
    slopes = grad(lambda logits: softmax_cross_entropy(logits, target))(MASKED)
    assert slopes == pytest.approx([P - 1, 1 - P, 0.0], **close)
    bends = hessian(lambda logits: softmax_cross_entropy(logits, target))(MASKED)
    pq = P * (1 - P)
    for mine, true in zip(bends, [[pq, -pq, 0], [-pq, pq, 0], [0, 0, 0]], strict=True):
        assert mine == pytest.approx(true, rel=1e-13, abs=0)


def test_what_goes_with_it():
    assert softmax(MASKED) == pytest.approx([P, 1 - P, 0.0], **close)
    assert grad(lambda v: softmax(v)[0])(MASKED)[2] == 0
    assert logsumexp(MASKED) == pytest.approx(LOSS + 1, **close)
    assert grad(logsumexp)(MASKED) == pytest.approx([P, 1 - P, 0.0], **close)
    assert softmax_cross_entropy(MASKED, 2) == INF
    assert softmax_cross_entropy(MASKED, [0.5, 0.0, 0.5]) == INF


@pytest.mark.parametrize(
    ("terms", "value", "slopes"),
    [
        # the limit where the largest are equal and go to ±∞ together: 1/n for each
        ([-INF, -INF], -INF, [0.5, 0.5]),
        ([INF, 1.0, INF], INF, [0.5, 0.0, 0.5]),
        ([INF, INF, INF, INF], INF, [0.25] * 4),
        ([1.0, INF], INF, [0.0, 1.0]),
        ([-INF], -INF, [1.0]),
    ],
)
def test_the_largest_share_the_slope_of_logsumexp_at_infinity(terms, value, slopes):
    assert logsumexp(terms) == value
    assert grad(logsumexp)(terms) == slopes


def test_a_loss_without_any_class_left_is_nan_and_says_why():
    logits = [Value(-INF, label="a"), Value(-INF, label="b")]
    loss = softmax_cross_entropy(logits, 0)
    assert math.isnan(loss.data)
    assert "a − max: −∞ − (−∞) = nan" in str(why_nan(loss))


@every_backend
def test_a_tape_refuses_a_loss_without_any_class_left(backend):
    loss = jit(softmax_cross_entropy, backend=backend)
    with pytest.raises(TapeError, match="sample 1"):
        loss.batch([MASKED, [-INF] * 3], [0, 0])


@every_backend
@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_masks_on_tapes(backend, target):
    loss = jit(softmax_cross_entropy, backend=backend)
    near = {"rel": 1e-13, "abs": 0}
    for _ in range(2):  # recorded, replayed
        value, slopes = loss.value_and_grad(MASKED, target)
        assert value == pytest.approx(LOSS, **near)
        assert slopes == pytest.approx([P - 1, 1 - P, 0.0], **near)
    # one tape for masks at other places, and for none
    logits = [MASKED, [1.0, -INF, 2.0], [-INF, 5.0, -INF], [1.0, 2.0, -1000.0]]
    classes = [0, 2, 1, 0]
    targets = classes
    if isinstance(target, list):
        targets = [[float(k == c) for k in range(3)] for c in classes]
    values, slopes = loss.value_and_grad_batch(logits, targets)
    assert values == pytest.approx([LOSS, LOSS - 1, 0.0, LOSS], rel=1e-13, abs=1e-300)
    for column, true in zip(
        slopes,
        [[P - 1, P, 0, P - 1], [1 - P, 0, 0, 1 - P], [0, -P, 0, 0]],
        strict=True,
    ):
        assert column == pytest.approx(true, rel=1e-13, abs=1e-300)


CERTAIN = [
    # target, logit, loss, derivative p − t: the limits of softplus(a) − t·a
    (1, INF, 0.0, 0.0),
    (0, INF, INF, 1.0),
    (0, -INF, 0.0, 0.0),
    (1, -INF, INF, -1.0),
    (0.5, INF, INF, 0.5),
    (1, 40.0, math.exp(-40), -math.exp(-40)),
    (0, 800.0, 800.0, 1.0),
    (0.25, 0.0, math.log(2), 0.25),
]


@pytest.mark.parametrize(("target", "logit", "loss", "slope"), CERTAIN)
@pytest.mark.parametrize("kind", [float, Value])
def test_binary_cross_entropy_of_certain_answers(target, logit, loss, slope, kind):
    a = Value(logit)
    value = binary_cross_entropy([a], [kind(target)])
    value.backward()
    assert value.data == pytest.approx(loss, **close)
    assert a.grad == pytest.approx(slope, **close)


@every_backend
def test_binary_cross_entropy_of_certain_answers_on_tapes(backend):
    f = jit(
        lambda a, t: binary_cross_entropy([a], [t]), backend=backend, nonfinite="allow"
    )
    targets, logits, losses, slopes = map(list, zip(*CERTAIN, strict=True))
    near = {"rel": 1e-13, "abs": 0}
    found, by_logit = f.value_and_grad_batch(logits, targets)
    assert found == pytest.approx(losses, **near)
    assert by_logit == pytest.approx(slopes, **near)
    for target, logit, loss, slope in CERTAIN:
        assert f.value_and_grad(logit, target) == pytest.approx((loss, slope), **near)
