"""What setup.cfg cannot say: the compiled core, and the description for an index."""

import sys
from pathlib import Path

from setuptools import Extension, setup

sys.path.insert(0, str(Path(__file__).parent / "building"))

from compiled_core import SOURCES, BuildCore
from description import describe

setup(
    long_description=describe(),
    long_description_content_type="text/markdown",
    ext_modules=[
        Extension(
            f"engine.native.{name}",
            [f"engine/native/{source}"],
            depends=SOURCES,
            optional=True,
        )
        for name, source in [("compiled", "node.c"), ("replay", "replay.c")]
    ],
    cmdclass={"build_ext": BuildCore},
)
