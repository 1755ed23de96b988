"""Softmax with cross-entropy, node by node: what flows back is simply y − t."""

import sys
from pathlib import Path

from engine import Value, exp, log
from engine.nn import softmax_cross_entropy
from viz import save


def softmax_with_loss() -> Value:
    """L = −Σ tₖ log yₖ for three scores, of which the second is the right class."""
    scores = [Value(a, label=f"a{i}") for i, a in enumerate((0.3, 2.9, 4.0), 1)]
    powers = [exp(a) for a in scores]
    total = powers[0] + powers[1] + powers[2]
    outputs = [power / total for power in powers]
    loss = -log(outputs[1])  # the other classes have t = 0
    total.label, outputs[1].label, loss.label = "S", "y2", "L"
    loss.backward()
    for y, t, a in zip(outputs, (0, 1, 0), scores, strict=True):
        print(f"y − t = {y.data - t:+.4f}, ∂L/∂{a.label} = {a.grad:+.4f}")
    stable = softmax_cross_entropy(scores, 1)  # safe for scores of any size
    print(f"L = {loss.data:.6f}, in one step {stable.data:.6f}")
    return loss


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    print("drawn:", save(softmax_with_loss(), folder / "softmax_with_loss.png"))
