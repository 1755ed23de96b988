"""The expression of micrograd's README, drawn as cards."""

import sys
from pathlib import Path

from engine import Value
from viz import save


def micrograd_expression() -> Value:
    """g, with dg/da = 138.8338 and dg/db = 645.5773."""
    a = Value(-4.0, label="a")
    b = Value(2.0, label="b")
    c = a + b
    c.label = "c"
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    e.label, f.label, g.label = "e", "f", "g"

    g.backward()
    print(f"g = {g.data:.4f}, dg/da = {a.grad:.4f}, dg/db = {b.grad:.4f}")
    return g


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    path = folder / "micrograd_expression.png"
    print("drawn:", save(micrograd_expression(), path, style="card"))
