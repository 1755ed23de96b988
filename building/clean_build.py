"""Builds the package as setuptools does, in a folder of its own.

Left alone, setuptools works in ``build/`` and ``dotgrad.egg-info/`` of the clone. Both
stay behind, and the next build takes from them what is no longer in the repository.
"""

import contextlib
import functools
import os
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

from setuptools import build_meta


@contextlib.contextmanager
def _elsewhere() -> Iterator[None]:
    """Have setuptools keep its files in a folder that is gone afterwards."""
    before = os.environ.get("DIST_EXTRA_CONFIG")
    with tempfile.TemporaryDirectory(prefix="dotgrad-build-") as folder:
        config = os.path.join(folder, "setup.cfg")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"[build]\nbuild_base = {folder}/build\n")
            file.write(f"[egg_info]\negg_base = {folder}\n")
        os.environ["DIST_EXTRA_CONFIG"] = config
        try:
            yield
        finally:
            if before is None:
                del os.environ["DIST_EXTRA_CONFIG"]
            else:
                os.environ["DIST_EXTRA_CONFIG"] = before


def _elsewhere_too(hook: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(hook)
    def run(*args: Any, **options: Any) -> Any:
        with _elsewhere():
            return hook(*args, **options)

    return run


# The hooks of PEP 517 and PEP 660; those that only ask what is required write, too.
get_requires_for_build_wheel = _elsewhere_too(build_meta.get_requires_for_build_wheel)
get_requires_for_build_sdist = _elsewhere_too(build_meta.get_requires_for_build_sdist)
get_requires_for_build_editable = _elsewhere_too(
    build_meta.get_requires_for_build_editable
)
prepare_metadata_for_build_wheel = _elsewhere_too(
    build_meta.prepare_metadata_for_build_wheel
)
prepare_metadata_for_build_editable = _elsewhere_too(
    build_meta.prepare_metadata_for_build_editable
)
build_wheel = _elsewhere_too(build_meta.build_wheel)
build_sdist = _elsewhere_too(build_meta.build_sdist)
build_editable = _elsewhere_too(build_meta.build_editable)
