"""Record once, replay fast: `jit`, and the tape behind it.

>>> from engine.tape import jit
>>> f = jit(lambda x, y: x * y + x)
>>> f(2.0, 3.0), f.value_and_grad(2.0, 3.0)
(8.0, (8.0, 4.0))
>>> print(f.tapes[0])
inputs v0 v1
v2 = v0 × v1
v3 = v2 + v0
outputs v3
"""

from engine.tape.backends.backend import BACKENDS
from engine.tape.ir.recording import Recording, record
from engine.tape.ir.tape import Guard, Tape
from engine.tape.jitted import Jitted, jit
from engine.tape.js_rows import javascript
from engine.tape.mapping import vmap

__all__ = [
    "BACKENDS", "Guard", "Jitted", "Recording", "Tape", "javascript", "jit", "record",
    "vmap",
]  # fmt: skip
