"""Compiles the core where there is a compiler; without one, dotgrad is all Python."""

import functools
import os
import sys
from pathlib import Path

from setuptools import Extension
from setuptools.command.build_ext import build_ext

HERE = Path(__file__).parents[1]

SOURCES = ["engine/ops.py", *map(str, Path("engine/native").glob("*.[ch]"))]
"""What the core is made of: with one of them all of it is compiled anew."""

OPTIONS = {
    "unix": ["-O2", "-ffp-contract=off", "-fno-math-errno", "-Wall", "-Wextra"],
    "msvc": ["/O2", "/fp:precise"],
}
"""By the kind of compiler. Results are those of Python to the last bit: no product and
sum may become one operation."""

LOOPS = {("unix", "engine.native.replay"): ["-O3", "-fno-trapping-math"]}
"""Where a loop may become vector instructions."""


class BuildCore(build_ext):
    """Writes the rows of the table as C, in the folder of the build, and compiles."""

    def build_extension(self, ext: Extension) -> None:
        """Compile, or say in a line that it is done without."""
        folder = Path(self.build_temp)
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in _write_headers().items():
            (folder / name).write_text(text, encoding="utf-8")
        ext.include_dirs = [*ext.include_dirs, str(folder)]
        kind = self.compiler.compiler_type
        ext.extra_compile_args = [
            *OPTIONS.get(kind, []),
            *LOOPS.get((kind, ext.name), []),
        ]
        try:
            super().build_extension(ext)
        except Exception as error:
            if ext.name == "engine.native.compiled":  # one line for both
                print(f"dotgrad: no compiled core, all runs in Python, slower: {error}")
            raise


@functools.cache
def _write_headers() -> dict[str, str]:
    """What generate.py and loops.py write, by the Python code of this very folder."""
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(HERE))
    os.environ["DOTGRAD_PURE"] = "1"
    try:
        from engine.native.generate import write_rows
        from engine.native.loops import write_loops

        return {"rows.h": write_rows(), "lanes.h": write_loops()}
    finally:
        del os.environ["DOTGRAD_PURE"]
        sys.path.remove(str(HERE))
        sys.dont_write_bytecode = before
