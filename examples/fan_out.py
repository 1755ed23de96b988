"""A value that is used three times: the gradients that come back add up."""

import sys
from pathlib import Path

from engine import Value, explain
from viz import save


def fan_out() -> Value:
    """L = (q·q + q) + x with q = x·y, where x is used twice, too."""
    x, y = Value(3.0, label="x"), Value(-2.0, label="y")
    q = x * y
    output = (q * q + q) + x
    q.label, output.label = "q", "L"
    output.backward()
    print(explain(q))
    print(explain(x))
    return output


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    print("drawn:", save(fan_out(), folder / "fan_out.png"))
