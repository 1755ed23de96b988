"""Dropout: masks that are drawn anew, in training alone.

How it works on tapes is in tests/engine/tape/test_draws.py.
"""

import random

import pytest

from engine import OptionError, Value, nn
from engine.errors import ModelFileError
from engine.nn.training import checkpoint
from engine.tape import jit


def make(p=0.25, seed=0):
    return nn.Dropout(p, rng=random.Random(seed))


def test_the_mask_is_what_the_generator_draws():
    draws = random.Random(3)
    kept = [draws.random() >= 0.25 for _ in range(100)]
    row = make(seed=3)([1.5] * 100)
    assert row == [1.5 / 0.75 if keep else 0.0 for keep in kept]
    assert 0 < kept.count(False) < 100


def test_a_draw_of_exactly_p_is_kept():
    """The generator draws from [0, 1), of which p is the share below p."""

    class Drawing(random.Random):
        def uniform(self, *_):
            return 0.5

    assert nn.Dropout(0.5, rng=Drawing())([1.0]) == [2.0]
    assert nn.Dropout(0.75, rng=Drawing())([1.0]) == [0.0]
    assert nn.Dropout(rng=Drawing()).p == 0.5


def test_the_mean_over_many_calls_is_the_number():
    """Of n means of x B / (1 − p), B = 0 or 1, the deviation: x √(p / (1 − p) / n)."""
    layer, n = make(0.4), 40_000
    mean = sum(layer([3.0])[0] for _ in range(n)) / n
    assert mean == pytest.approx(3.0, abs=4 * 3 * (0.4 / 0.6 / n) ** 0.5)


def test_rows_have_masks_of_their_own():
    first, second = make(0.5)([[1.0] * 64] * 2)
    assert first != second


def test_the_gradient_is_the_mask():
    xs = [Value(2.0) for _ in range(50)]
    ys = make()(xs)
    sum(ys).backward()
    assert [x.grad for x in xs] == [y.data / 2.0 for y in ys]
    assert {x.grad for x in xs} == {0.0, 1 / 0.75}


def test_nothing_happens_in_use():
    model = nn.Sequential(nn.Affine.of([[2.0]], [1.0]), make(0.9), nn.Tanh())
    right = nn.Tanh()([7.0])
    assert model.eval() is model
    assert [[y.data for y in model([3.0])] for _ in range(20)] == [right] * 20
    assert jit(lambda x: model(x)[0])([3.0]) == pytest.approx(right[0], rel=1e-15)
    assert model.train() is model
    assert {model([3.0])[0].data for _ in range(20)} >= {0.0}
    assert make(0.0)([1.0, 2.0]) == [1.0, 2.0]


def test_modes_of_modules_within():
    class Model(nn.Module):
        def __init__(self):
            self.parts = [make(), {"inner": nn.Sequential(make())}]

    model = Model()
    assert [type(part).__name__ for part in model.modules()] == [
        "Model", "Dropout", "Sequential", "Dropout",
    ]  # fmt: skip
    assert all(part.training for part in model.modules())
    model.eval()
    assert {part.training for part in model.modules()} == {False}
    assert model.state_dict() == {}
    assert repr(model.parts[0]) == "Dropout(0.25)"


@pytest.mark.parametrize("p", [-0.1, 1, 1.5, float("nan"), "0.5", None])
def test_a_wrong_probability(p):
    with pytest.raises(OptionError, match=r"a probability, 0 ≤ p < 1"):
        nn.Dropout(p, rng=random.Random(0))
    with pytest.raises(OptionError, match="rng="):
        nn.Dropout(0.5, rng=7)


# -- training ----------------------------------------------------------------------

XS = [[1.0, -1.0], [0.5, 2.0], [-1.5, 0.5], [1.0, 1.0]]
YS = [0, 1, 1, 0]


def train(epochs, **options):
    rng = random.Random(5)
    model = nn.Sequential(
        nn.Affine(2, 8, rng=rng), nn.Tanh(), make(0.5, 7), nn.Affine(8, 2, rng=rng)
    )
    history = nn.fit(
        model, XS, YS, loss=nn.softmax_cross_entropy, epochs=epochs, batch_size=2,
        optimizer=nn.Adam(model.parameters(), lr=0.05), progress=False,
        rng=random.Random(1), **options,
    )  # fmt: skip
    return model, history


def test_fit_draws_a_mask_for_each_sample_and_step(capsys):
    """The same training by hand, and by `fit`, with and without a tape asked for."""
    rng = random.Random(5)
    model = nn.Sequential(
        nn.Affine(2, 8, rng=rng), nn.Tanh(), make(0.5, 7), nn.Affine(8, 2, rng=rng)
    )
    optimizer, order = nn.Adam(model.parameters(), lr=0.05), random.Random(1)
    for _ in range(3):
        numbers = list(range(4))
        order.shuffle(numbers)
        for batch in (numbers[:2], numbers[2:]):
            optimizer.zero_grad()
            for i in batch:
                nn.softmax_cross_entropy(model(XS[i]), YS[i]).backward(0.5)
            optimizer.step()
    assert train(3, tape=False)[0].state_dict() == model.state_dict()
    weights = [parameter.data for parameter in model.parameters()]
    taped, _ = train(3, tape=True)
    found = [parameter.data for parameter in taped.parameters()]
    assert found == pytest.approx(weights, rel=1e-12)
    assert capsys.readouterr().err == ""  # which would say why there is no tape


def test_a_step_that_is_not_finite_is_explained_with_the_mask_that_it_had():
    """Sample 1 alone overflows, and only where its number is not dropped."""
    for tape in (True, False):
        model = nn.Sequential(make(0.5, 4), nn.Affine.of([[1.0]]))
        draws = random.Random(4)
        kept = [draws.random() >= 0.5 for _ in range(2)]
        while kept != [True, True] and kept != [False, True]:
            kept = [draws.random() >= 0.5 for _ in range(2)]
        history = None
        with pytest.warns(nn.TrainingWarning) as warned:
            history = nn.fit(
                model, [[1.0], [1e200]], [[0.0], [0.0]], loss=nn.sum_of_squares,
                epochs=50, batch_size=2, optimizer=nn.SGD(model.parameters(), lr=0.0),
                tape=tape, progress=False,
            )  # fmt: skip
        assert "sample 1 is not finite" in history.stopped
        assert len(warned) == 1


def test_what_is_watched_draws_nothing():
    modes, outputs = [], set()

    def look(model):
        modes.append([part.training for part in model.modules()])
        outputs.update(tuple(y.data for y in model(XS[0])) for _ in range(5))
        return 0.0

    model, _ = train(2, watch={"look": look})
    assert modes == [[False] * 5] * 2
    assert len(outputs) == 2  # one for each epoch
    assert all(part.training for part in model.modules())
    assert model.state_dict() == train(2)[0].state_dict()


def test_a_training_goes_on_with_the_masks_that_would_have_come(tmp_path):
    whole, _ = train(6)
    path = tmp_path / "half"
    train(3, checkpoint=path)
    resumed, history = train(6, checkpoint=path, resume=True)
    assert len(history) == 6
    assert resumed.state_dict() == whole.state_dict()


def test_each_generator_of_a_model_goes_on_where_it_was(tmp_path):
    path = tmp_path / "half"
    first, second = make(0.5, 1), make(0.5, 2)
    model = nn.Sequential(first, second, nn.Affine.of([[1.0]]))
    rule = nn.SGD(model.parameters())
    first([1.0] * 3)
    checkpoint.store(path, model, rule, nn.History(), None)
    expected = first([1.0] * 50), second([1.0] * 50)
    checkpoint.restore(path, model, rule, None)
    assert (first([1.0] * 50), second([1.0] * 50)) == expected


def test_a_generator_that_no_checkpoint_keeps_is_told_before_the_training(tmp_path):
    class Drawing:
        gauss = uniform = staticmethod(lambda a, b: (a + b) / 2)

    model = nn.Sequential(nn.Affine.of([[1.0]]), nn.Dropout(0.1, rng=Drawing()))
    before = model.state_dict()
    with pytest.raises(OptionError, match=r"keeps a random\.Random, not .*Drawing"):
        nn.fit(
            model, [[1.0]], [[0.0]], loss=nn.sum_of_squares,
            optimizer=nn.SGD(model.parameters()), checkpoint=tmp_path / "run",
        )  # fmt: skip
    assert model.state_dict() == before


def test_a_checkpoint_of_a_model_without_dropout(tmp_path):
    rng = random.Random(5)
    model = nn.Sequential(nn.Affine(2, 8, rng=rng), nn.Tanh(), nn.Affine(8, 2, rng=rng))
    path = tmp_path / "other"
    options = {
        "loss": nn.softmax_cross_entropy, "progress": False, "rng": random.Random(1),
        "optimizer": nn.Adam(model.parameters(), lr=0.05), "checkpoint": path,
    }  # fmt: skip
    nn.fit(model, XS, YS, epochs=1, **options)
    model.layers.insert(1, make())
    with pytest.raises(ModelFileError, match="other layers of Dropout"):
        nn.fit(model, XS, YS, epochs=2, resume=True, **options)
