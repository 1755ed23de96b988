import os
import shutil

import pytest
from hypothesis import HealthCheck, settings

from viz.render import renderers

_slow = (HealthCheck.too_slow, HealthCheck.filter_too_much)
settings.register_profile("dev", deadline=None, suppress_health_check=_slow)
settings.register_profile(
    "ci", deadline=None, derandomize=True, suppress_health_check=_slow
)
settings.register_profile(
    "thorough", deadline=None, max_examples=10_000, suppress_health_check=_slow
)
settings.register_profile(  # for a second run of the suite, elsewhere
    "quick",
    deadline=None,
    derandomize=True,
    max_examples=20,
    suppress_health_check=_slow,
)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "dev")
)


def needed(found, name):
    """Skip without a program; where CI has installed all of them, fail instead."""
    if not found:
        if os.environ.get("DOTGRAD_TEST_PROGRAMS") == "all":
            pytest.fail(f"{name} was to be installed here, and is not")
        pytest.skip(f"{name} is not installed here")
    return name


@pytest.fixture(params=renderers.RENDERERS)
def renderer(request):
    """The name of every renderer, one after the other."""
    return needed(renderers.RENDERERS[request.param].find(), request.param)


@pytest.fixture(params=["pdflatex", "lualatex"])
def latex(request):
    """The name of every LaTeX."""
    return needed(shutil.which(request.param), request.param)
