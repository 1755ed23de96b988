"""The list of faults to plant fits the code as it is."""

import ast
from collections import Counter

import pytest
from faults import FAULTS
from places import ROOT
from plant import plant


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_each_can_be_planted(fault, tmp_path):
    """Its right line is in the file once, the wrong one is Python, its tests exist."""
    copy = tmp_path / fault.file
    copy.parent.mkdir(parents=True)
    copy.write_bytes((ROOT / fault.file).read_bytes())
    before = plant(fault, tmp_path)
    after = copy.read_text(encoding="utf-8")
    assert ast.dump(ast.parse(before)) != ast.dump(ast.parse(after))
    assert all((ROOT / test.partition("::")[0]).exists() for test in fault.tests)


def test_no_two_have_one_name():
    assert set(Counter(fault.name for fault in FAULTS).values()) == {1}
