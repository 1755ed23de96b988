"""Identity with half the sum of squares, for regression: what flows back is y − t."""

import sys
from pathlib import Path

from engine import Value
from engine.nn import Identity, sum_of_squares
from viz import save


def identity_with_loss() -> Value:
    """The loss of two outputs that miss their targets."""
    outputs = [Value(0.8, label="a1"), Value(2.5, label="a2")]
    targets = [Value(1.0, label="t1"), Value(1.7, label="t2")]
    loss = sum_of_squares(Identity()(outputs), targets)
    loss.label = "L"
    loss.backward()
    for y, t in zip(outputs, targets, strict=True):
        print(f"y − t = {y.data - t.data:+.4f}, ∂L/∂{y.label} = {y.grad:+.4f}")
    return loss


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    print("drawn:", save(identity_with_loss(), folder / "identity_with_loss.png"))
