"""The sigmoid, taken apart into nodes: all of them together give y (1 − y)."""

import sys
from pathlib import Path

from engine import Value, exp, sigmoid
from viz import save


def sigmoid_node() -> Value:
    """y = 1 / (1 + exp(−x)), as four nodes, beside the one node of the table."""
    x = Value(1.5, label="x")
    y = 1 / (exp(x * -1) + 1)
    y.label = "y"
    y.backward()
    print(f"y = {y.data:.6f}, ∂y/∂x = {x.grad:.6f} through four nodes")
    print(f"y (1 − y) = {y.data * (1 - y.data):.6f}")
    once = Value(1.5, label="x")
    sigmoid(once).backward()
    print(f"∂y/∂x = {once.grad:.6f} through the node sigmoid")
    return y


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    print("drawn:", save(sigmoid_node(), folder / "sigmoid_node.png"))
