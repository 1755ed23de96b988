"""Nested containers: taken apart, put together, and written as JSON."""

import json
import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import OperandError
from engine.util.json import json_text
from engine.util.nested import flatten, leaf_names, map_tree, unflatten


class Point(NamedTuple):
    x: Any
    y: Any


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner)
        | st.builds(Point, inner, inner)
    ),
)


@given(TREES)
def test_what_is_flattened_is_made_again(tree):
    structure, leaves = flatten(tree)
    again = unflatten(structure, iter(leaves))
    assert again == tree
    assert repr(again) == repr(tree)  # types, and the order of keys
    assert flatten(again) == (structure, leaves)
    hash(structure)


@given(TREES)
def test_names_of_leaves_are_python(tree):
    structure, leaves = flatten(tree)
    found = [eval(name, {"t": tree}) for name in leaf_names(structure, "t")]
    assert all(a is b for a, b in zip(found, leaves, strict=True))


def test_structures_differ_where_containers_do():
    trees = [1.0, [1.0], (1.0,), Point(1.0, 1.0), (1.0, 1.0), [[1.0]], [], (), {}]
    trees += [{"a": 1.0}, {"b": 1.0}, {"a": 1.0, "b": 1.0}, {"b": 1.0, "a": 1.0}]
    assert len({flatten(tree)[0] for tree in trees}) == len(trees)


def test_what_is_opened_is_closed_again():
    def open_leaf(text):
        return ("text", len(text)), list(text)

    def close_leaf(structure, leaves):
        assert structure[0] == "text"
        return "".join(next(leaves) for _ in range(structure[1]))

    structure, leaves = flatten([1.0, {"k": "ab"}, "cde"], open_leaf)
    assert leaves == [1.0, *"abcde"]
    leaves[1:] = "vwxyz"
    assert unflatten(structure, iter(leaves), close_leaf) == [1.0, {"k": "vw"}, "xyz"]


def test_what_contains_itself_is_a_clear_error():
    tree = [1.0]
    tree.append({"again": tree})
    with pytest.raises(OperandError, match="contains itself"):
        flatten(tree)


def test_a_dict_of_another_kind_becomes_a_dict():
    assert type(map_tree(str, OrderedDict(a=1))) is dict


@given(TREES)
def test_json_is_what_the_standard_library_reads(tree):
    finite = map_tree(
        lambda x: x if x in (True, None) or abs(x) < math.inf else 0, tree
    )
    assert json.loads(json_text(finite)) == json.loads(json.dumps(finite))


def test_json_of_what_it_has_no_number_for():
    @dataclass(frozen=True, slots=True)
    class Row:
        name: str
        numbers: tuple[float, ...]

    data = {"rows": [Row("ä", (math.inf, 1.0)), None], "x": math.nan}
    assert json_text(data) == '{"rows":[["ä",["inf",1.0]],null],"x":"nan"}'
    assert json.loads(json_text(data, indent=2)) == json.loads(json_text(data))
