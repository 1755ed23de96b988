"""The back ends of tapes that are here, for tests that run on each."""

import pytest

from engine.tape import BACKENDS


def parametrize(names=BACKENDS):
    """Run a test for each of these back ends; one that is not here is skipped."""
    marks = {
        name: pytest.mark.skipif(not BACKENDS[name].is_installed, reason="not here")
        for name in names
    }
    return pytest.mark.parametrize(
        "backend", [pytest.param(name, marks=mark) for name, mark in marks.items()]
    )


INSTALLED = [name for name, backend in BACKENDS.items() if backend.is_installed]
INEXACT = [name for name, backend in BACKENDS.items() if not backend.exact]
every_backend, every_inexact = parametrize(), parametrize(INEXACT)
