"""Compiles the core where there is a compiler; without one, dotgrad is all Python."""

import os
import sys
from pathlib import Path

from setuptools import Extension
from setuptools.command.build_ext import build_ext

HERE = Path(__file__).parents[1]

OPTIONS = {
    "unix": ["-O2", "-ffp-contract=off", "-fno-math-errno", "-Wall", "-Wextra"],
    "msvc": ["/O2", "/fp:precise"],
}
"""By the kind of compiler. Results are those of Python to the last bit: no product and
sum may become one operation."""


class BuildCore(build_ext):
    """Writes the rows of the table as C, in the folder of the build, and compiles."""

    def build_extension(self, ext: Extension) -> None:
        """Compile, or say in a line that it is done without."""
        rows = Path(self.build_temp, "rows.h")
        rows.parent.mkdir(parents=True, exist_ok=True)
        rows.write_text(_write_rows(), encoding="utf-8")
        ext.include_dirs = [*ext.include_dirs, str(rows.parent)]
        ext.extra_compile_args = OPTIONS.get(self.compiler.compiler_type, [])
        ext.depends = [str(rows)]
        try:
            super().build_extension(ext)
        except Exception as error:
            print(f"dotgrad: no compiled core, all runs in Python, slower: {error}")
            raise


def _write_rows() -> str:
    """What generate.py writes, by the Python code of this very folder."""
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(HERE))
    os.environ["DOTGRAD_PURE"] = "1"
    try:
        from engine.native.generate import write_rows

        return write_rows()
    finally:
        del os.environ["DOTGRAD_PURE"]
        sys.path.remove(str(HERE))
        sys.dont_write_bytecode = before
