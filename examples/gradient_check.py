"""The gradient check of a two-layer network, a line for each group of parameters.

    python examples/gradient_check.py [folder] [inputs hidden outputs]

For each group it prints the mean of |backpropagation − numerical differentiation|.
"""

import random
import sys
from itertools import chain
from pathlib import Path

from engine import Value, gradient_table
from engine.nn import Affine, ReLU, Sequential, softmax_cross_entropy
from viz import save


def gradient_check(inputs: int = 6, hidden: int = 5, outputs: int = 3) -> Value:
    """The loss of the network on two samples."""
    rng = random.Random(0)
    model = Sequential(
        Affine(inputs, hidden, rng=rng), ReLU(), Affine(hidden, outputs, rng=rng)
    )
    xs = [[rng.random() for _ in range(inputs)] for _ in range(2)]
    targets = [rng.randrange(outputs) for _ in xs]

    def loss() -> Value:
        return softmax_cross_entropy(model(xs), targets)

    first, _, second = model.layers
    groups = {
        "W1": [*chain(*first.weight)], "b1": first.bias,
        "W2": [*chain(*second.weight)], "b2": second.bias,
    }  # fmt: skip
    for name, group in groups.items():
        table = gradient_table(loss, parameters=group, modes=["reverse"])
        print(f"{name}: {table.mean_difference:.2e} over {len(group)} parameters")
    output = loss()
    output.label = "loss"
    output.backward()
    return output


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    output = gradient_check(*map(int, sys.argv[2:5]))
    print("drawn:", save(output, folder / "gradient_check.png", depth=1))
