"""The command `dotgrad`: one module a command, and `main`, which runs them.

Exit status: 0 done; 1 a gradient is wrong, or the work could not be done here (no
renderer, a missing extra, out of time); 2 the input is wrong, and one line on
standard error says what and where. 130: interrupted, 141: nobody reads the output.
"""

from viz.cli.program import PROGRAM, main

__all__ = ["PROGRAM", "main"]
