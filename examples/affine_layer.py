"""An affine layer, Y = X·W + B, of two inputs and three outputs."""

import sys
from pathlib import Path

from engine import Value
from engine.nn import Affine
from viz import save


def affine_layer() -> Value:
    """L = Y·G, so that G is the gradient that comes back to Y; then dX = G·Wᵀ."""
    x = [Value(1.0, label="x1"), Value(-2.0, label="x2")]
    layer = Affine.of([[0.2, -0.4, 0.6], [0.1, 0.3, -0.5]], [0.01, 0.02, 0.03])
    y1, y2, y3 = layer(x)
    y1.label, y2.label, y3.label = "y1", "y2", "y3"
    loss = y1 - 2 * y2 + 3 * y3
    loss.label = "L"
    loss.backward()
    print("Y  =", [round(y.data, 4) for y in (y1, y2, y3)])
    print("dX =", [round(v.grad, 4) for v in x])
    print("dW =", [[round(w.grad, 4) for w in row] for row in layer.weight])
    print("dB =", [round(b.grad, 4) for b in layer.bias])
    return loss


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    print("drawn:", save(affine_layer(), folder / "affine_layer.png"))
