"""A neuron with two inputs: o = tanh(x1·w1 + x2·w2 + b)."""

import sys
from pathlib import Path

from engine import Value
from viz import save


def tanh_neuron() -> Value:
    """The output of the neuron, with its gradients."""
    x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
    w1, w2 = Value(-3.0, label="w1"), Value(1.0, label="w2")
    b = Value(6.8813735870195432, label="b")

    x1w1 = x1 * w1
    x2w2 = w2 * x2
    both = x1w1 + x2w2
    n = both + b
    o = n.tanh()
    x1w1.label, x2w2.label, both.label = "x1w1", "x2w2", "x1w1+x2w2"
    n.label, o.label = "n", "o"

    o.backward()
    print(f"o = {o.data:.4f}")
    for value in (x1, w1, x2, w2, b):
        print(f"∂o/∂{value.label} = {value.grad:.4f}")
    return o


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    print("drawn:", save(tanh_neuron(), folder / "tanh_neuron.png"))
