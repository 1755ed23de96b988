"""The chain rule on z = (x + y)²: local derivatives, multiplied along the way back."""

import sys
from pathlib import Path

from engine import Value, explain
from viz import save


def chain_rule() -> Value:
    """z = t² with t = x + y: ∂z/∂x = ∂z/∂t · ∂t/∂x = 2t · 1."""
    x, y = Value(3.0, label="x"), Value(2.0, label="y")
    t = x + y
    z = t**2
    t.label, z.label = "t", "z"
    z.backward()
    print(explain(t))
    print(explain(x))
    return z


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    print("drawn:", save(chain_rule(), folder / "chain_rule.png"))
