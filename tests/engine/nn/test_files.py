"""Files of models and of trainings: bit for bit, or a clear error."""

import hashlib
import json
import math
import random

import numpy as np
import pytest
from places import ROOT
from small_training import in_a_process, trained

from engine import EscapeError, ModelFileError, OptionError, nn
from engine.nn import serialization
from engine.nn.training import checkpoint
from engine.tape import jit

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
    done = in_a_process(LOAD, path)
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


OF_VERSION_1 = """{
 "format": "dotgrad model",
 "version": 1,
 "about": "Affine(2, 1)",
 "checksum": "CHECKSUM",
 "model": {
  "parameters": {
   "weight.1.0": -0.5,
   "weight.0.0": 0.25,
   "bias.0": "-inf"
  }
 }
}
"""
CANONICAL = '{"parameters":{"bias.0":"-inf","weight.0.0":0.25,"weight.1.0":-0.5}}'


def test_a_file_of_version_1_is_read_in_any_order_and_written_a_number_a_line(tmp_path):
    """The checksum is that of the JSON with sorted keys and without spaces."""
    path = tmp_path / "model.json"
    checksum = hashlib.sha256(CANONICAL.encode()).hexdigest()
    path.write_text(OF_VERSION_1.replace("CHECKSUM", checksum))
    model = nn.Affine.of([[0.0], [0.0]], [0.0])
    model.load(path)
    numbers = {"weight.0.0": 0.25, "weight.1.0": -0.5, "bias.0": -math.inf}
    assert model.state_dict() == numbers
    first, second = path.read_text().splitlines(), tmp_path / "again.json"
    model.save(second)
    lines = second.read_text().splitlines()
    assert lines[:7] == first[:7]
    assert lines[7:] == [
        '   "weight.0.0": 0.25,', '   "weight.1.0": -0.5,', '   "bias.0": "-inf"',
        "  }", " }", "}",
    ]  # fmt: skip


def damaged(text):
    yield text[: len(text) // 2], "not JSON, or damaged"
    yield "", "not JSON"
    yield "[" * 100_000, "not JSON"
    yield "[1, 2]", "not a file that dotgrad wrote"
    yield '{"format": "something else"}', "not a file that dotgrad wrote"
    yield text.replace('"version": 1', '"version": 99'), "version 99"
    yield text.replace("0.25", "0.26"), r": the file is damaged: its checksum is wrong$"
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


def test_no_damaged_byte_is_loaded(tmp_path):
    """Each byte lost or changed, each cut: an error, or the same numbers as before."""
    model = nn.Affine.of([[0.25]], [1.0])
    path = tmp_path / "model.json"
    model.save(path)
    text, saved, rng = path.read_bytes(), model.state_dict(), random.Random(0)
    changed = [text[:i] + bytes([rng.randrange(256)]) + text[i + 1 :] for i in SPAN]
    refused = 0
    for i, other in enumerate(changed):
        for wrong in (other, text[:i], text[:i] + text[i + 1 :]):
            path.write_bytes(wrong)
            model.load_state_dict(dict.fromkeys(saved, -1.0))
            try:
                model.load(path)
            except ModelFileError:
                refused += 1
                assert set(model.state_dict().values()) == {-1.0}
            else:
                assert model.state_dict() == saved
    assert refused > 2 * len(text)


SPAN = range(330)


def forged(kind):
    """Files whose checksum is right, and whose content is not."""
    good = {"model": {"parameters": {"weight.0.0": 1.0}}, "checkpoint": {}}
    parts = [[], None, {}, {"parameters": None}, {"parameters": [1.0]}]
    if kind == "model":
        numbers = (10**400, "1", "NaN", None, [], {}, True)
        return parts + [{"parameters": {"weight.0.0": x}} for x in numbers]
    model = nn.Affine.of([[0.0]])
    good = {
        "model": model.state_dict(), "history": {"loss": [1.0]},
        "optimizer": nn.Adam(model.parameters()).state_dict(),
        "rng": list(random.Random(0).getstate()),
    }  # fmt: skip
    rule = good["optimizer"]
    wrong = {
        "model": [[], {}, {"weight.0.0": "x"}],
        "history": [[], {"loss": 1.0}, {"loss": ["x"]}],
        "optimizer": [[], {}, {**rule, "steps": -1}]
        + [{**rule, "state": x} for x in (1, [1], [[1, 2]], [[1, 2, 10**400]])],
        "rng": [None, 1, [], [3, [1, 2], None], [3, ["x"] * 625, None], [9, [], None]],
    }
    missing = [{k: v for k, v in good.items() if k != name} for name in good]
    return [*parts, *missing] + [
        {**good, name: x} for name, several in wrong.items() for x in several
    ]


@pytest.mark.parametrize("kind", ["model", "checkpoint"])
def test_forged_files_change_nothing(kind, tmp_path):
    path = tmp_path / "forged.json"
    for body in forged(kind):
        model = nn.Affine.of([[0.25]])
        rule, rng = nn.Adam(model.parameters()), random.Random(7)
        before = (model.state_dict(), rule.state_dict(), rng.getstate())
        serialization.write(path, kind, body, "")
        with pytest.raises(ModelFileError, match=r"forged\.json"):
            if kind == "model":
                model.load(path)
            else:
                checkpoint.restore(path, model, rule, rng)
        assert (model.state_dict(), rule.state_dict(), rng.getstate()) == before


@pytest.mark.parametrize(
    ("name", "wrong", "told"),
    [
        ("history", [], r"a history is lists of numbers by name, not \[\]"),
        ("history", {"loss": ["x"]}, "loss is 'x', not a number"),
        ("history", {"loss": []}, "the history lacks numbers"),
        ("history", {"loss": [0.5], "accuracy": []}, "the history lacks numbers"),
        ("history", {"accuracy": [0.5]}, "the history lacks numbers"),
        ("history", {"loss": [0.5], "accuracy": [0.5] * 2}, "the history lacks"),
        ("rng", None, "the training was shuffled in another way: see rng="),
        ("rng", [3, ["x"] * 625, None], "rng is no state of a generator: "),
        ("rng", [3, [-1] * 625, None], "rng is no state of a generator: "),
        ("rng", [3, [1e30] * 625, None], "rng is no state of a generator: "),
        ("rng", [3, [2**32] + [1] * 624, None], "rng is no state of a generator: "),
        ("rng", [3, [1] * 624 + [625], None], "rng is no state of a generator: "),
        ("rng", [3, [True] * 625, None], "rng is no state of a generator: "),
        ("rng", [3, [1] * 625, "x"], "rng is no state of a generator: "),
        ("rng", [3, [1] * 625, [1]], "rng is no state of a generator: "),
        ("rng", [3, None, None], "rng is no state of a generator: "),
        ("masks", [None], "the model has other layers of Dropout"),
    ],
)
def test_what_is_wrong_in_a_checkpoint_is_told(name, wrong, told, tmp_path):
    path, model = tmp_path / "run.json", nn.Affine.of([[0.25]])
    rule, rng = nn.SGD(model.parameters()), random.Random(7)
    checkpoint.store(path, model, rule, nn.History(), rng)
    body = json.loads(path.read_text())["checkpoint"]
    serialization.write(path, "checkpoint", {**body, name: wrong}, "")
    model.parameters()[0].data = 7.0
    before = (model.state_dict(), rule.state_dict(), rng.getstate())
    with pytest.raises(ModelFileError, match=rf"run\.json: {told}"):
        checkpoint.restore(path, model, rule, rng)
    assert (model.state_dict(), rule.state_dict(), rng.getstate()) == before


def test_a_checkpoint_says_what_it_is_and_one_without_masks_is_read(tmp_path):
    path, model = tmp_path / "run.json", nn.Affine.of([[0.25]])
    rule = nn.SGD(model.parameters())
    checkpoint.store(path, model, rule, nn.History({"loss": [2.0, 1.0]}), None)
    document = json.loads(path.read_text())
    assert document["about"] == "Affine(1, 1) after 2 epochs"
    body = document["checkpoint"]
    del body["masks"]  # as it was before there was dropout
    serialization.write(path, "checkpoint", body, "")
    model.weight[0][0].data = 3.0
    history = checkpoint.restore(path, model, rule, None)
    assert (model.weight[0][0].data, history["loss"]) == (0.25, [2.0, 1.0])


def test_a_file_says_what_model_it_is_of(tmp_path):
    nn.Sequential(nn.Affine.of([[0.25]]), nn.Tanh()).save(tmp_path / "model.json")
    about = json.loads((tmp_path / "model.json").read_text())["about"]
    assert about == "Sequential(Affine(1, 1), Tanh())"


def test_numbers_of_a_model_leave_no_tape_unnoticed():
    model = nn.Affine.of([[0.25]])

    def f(x):
        return model.state_dict()["weight.0.0"] * x  # the line that is told

    line = f.__code__.co_firstlineno + 1
    with pytest.raises(
        EscapeError, match=rf"state_dict\(\) at .*test_files\.py:{line}"
    ):
        jit(f)(2.0)


def test_a_checkpoint_that_is_not_asked_for_is_written_over(tmp_path):
    path = tmp_path / "run.json"
    trained(3, checkpoint=path)
    fresh, history = trained(1, checkpoint=path)
    assert (len(history), fresh.state_dict()) == (1, trained(1)[0].state_dict())


@pytest.mark.parametrize(
    ("count", "listed"),
    [
        (1, "b1: build"),
        (5, "b1, b2, b3, b4, b5: build"),
        (6, "b1, b2, b3, b4, b5 and 1 more: build"),
    ],
)
def test_names_that_do_not_fit_are_listed_and_many_are_counted(count, listed):
    model = nn.Module()
    more = {f"b{i + 1}": 1.0 for i in range(count)}
    with pytest.raises(ModelFileError, match=f"^the model has no {listed} the model"):
        model.load_state_dict(more)


def test_states_that_do_not_fit():
    model = nn.Affine.of([[0.25] * 9])
    with pytest.raises(
        ModelFileError, match=r"^the state lacks weight.0.0.* and 4 more: build"
    ):
        model.load_state_dict({})
    state = model.state_dict()
    other = {**state, "more": 1.0}
    del other["weight.0.8"]
    with pytest.raises(
        ModelFileError,
        match=r"^the state lacks weight\.0\.8; the model has no more: build the model",
    ):
        model.load_state_dict(other)
    with pytest.raises(ModelFileError, match=r"has no more"):
        model.load_state_dict({**state, "more": 1.0})
    for wrong in ("0.5", None, [1.0], True, 10**400, np.array([1.0, 2.0])):
        with pytest.raises(ModelFileError, match=r"^weight\.0\.8 is .*not a number"):
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
    serialization.write(tmp_path / "a", "model", {"b": (1, 2.5), "a": {"x": None}}, "")
    body = serialization.read(tmp_path / "a", "model", ("a", "b"))
    assert body == {"b": [1, 2.5], "a": {"x": None}}
    with pytest.raises(ModelFileError, match="it wants a, c"):
        serialization.read(tmp_path / "a", "model", ("a", "c"))


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
    with pytest.raises(OptionError, match=r"^resume=True needs checkpoint="):
        trained(1, resume=True)


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
import small_training as tests
from engine.util import files

class Half:
    def __init__(self, path, mode):
        self.file = open(path, mode)
    def __enter__(self):
        return self
    def __exit__(self, *exception):
        self.file.close()
    def write(self, data):
        self.file.write(data[: len(data) // 2])
        self.file.flush()
        os.kill(os.getpid(), signal.SIGKILL)

def kill_in_the_middle(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def count(model, calls=[]):
    calls.append(1)
    if len(calls) == 3 and sys.argv[3] == "write":
        files.open = Half
    if len(calls) == 3 and sys.argv[3] == "replace":
        files.os.replace = kill_in_the_middle
    return len(calls)

tests.trained(10, checkpoint=sys.argv[1], watch={"count": count}, tape=False)
"""


@pytest.mark.parametrize("where", ["write", "replace"])
def test_a_training_that_is_killed_goes_on_from_its_last_checkpoint(where, tmp_path):
    path = tmp_path / "run.json"
    done = in_a_process(
        KILLED, path, str(ROOT / "tests" / "support"), where, check=False
    )
    assert done.returncode == -9
    whole, _ = trained(5, tape=False)
    resumed, history = trained(5, checkpoint=path, resume=True, tape=False)
    assert history["count"] == [1, 2]  # the third epoch was lost
    assert resumed.state_dict() == whole.state_dict()
