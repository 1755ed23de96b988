"""The chapter's two-layer network, drawn with a node for each neuron."""

import random
import sys
from pathlib import Path

from engine import Value
from engine.nn import Affine, ReLU, Sequential, softmax_cross_entropy
from viz import save


def two_layer_network() -> Value:
    """The loss of a network 2-3-2 for one sample of class 1."""
    rng = random.Random(5)
    model = Sequential(Affine(2, 3, rng=rng), ReLU(), Affine(3, 2, rng=rng))
    print(model)
    for name, w in list(model.named_parameters())[:3]:
        print(f"{name} = {w.data:.4f}")
    print(f"and so on, {len(model.parameters())} parameters")
    loss = softmax_cross_entropy(model([Value(1, "x1"), Value(-2, "x2")]), 1)
    loss.label = "loss"
    loss.backward()
    return loss


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    path = folder / "two_layer_network.png"
    print("drawn:", save(two_layer_network(), path, depth=2))
