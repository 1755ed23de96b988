"""The collector is as it was, however a block ends."""

import gc

import pytest

from engine.util.collector import without_collector


@pytest.mark.parametrize("is_on", [True, False])
def test_the_collector_is_as_before(is_on):
    was_on = gc.isenabled()
    try:
        (gc.enable if is_on else gc.disable)()
        with pytest.raises(KeyError), without_collector(), without_collector():
            assert not gc.isenabled()
            raise KeyError
        assert gc.isenabled() is is_on
    finally:
        (gc.enable if was_on else gc.disable)()
