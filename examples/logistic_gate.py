"""A logistic neuron learns the gate AND from its truth table."""

import sys
from pathlib import Path

from engine import Value
from engine.nn import Affine, Momentum, Sequential, Sigmoid, binary_cross_entropy, fit
from viz import save

TABLE = {(0, 0): 0, (0, 1): 0, (1, 0): 0, (1, 1): 1}


def logistic_gate() -> Value:
    """What the trained gate says to (1, 1), with the gradients there."""
    neuron = Affine.of([[0.0], [0.0]], [0.0])
    history = fit(
        neuron, list(TABLE), list(TABLE.values()), loss=binary_cross_entropy,
        optimizer=Momentum(neuron.parameters(), lr=0.5), epochs=200,
    )  # fmt: skip
    print(f"loss {history['loss'][0]:.3f} at first, {history['loss'][-1]:.3f} at last")
    gate = Sequential(neuron, Sigmoid())
    for (a, b), wanted in TABLE.items():
        [p] = gate([a, b])
        print(f"{a} and {b}: {p.data:.3f}, should be {wanted}")
    neuron.zero_grad()  # what is left there is of the last step of the training
    [p] = gate([Value(1, label="a"), Value(1, label="b")])
    p.label = "p"
    p.backward()
    return p


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    print("drawn:", save(logistic_gate(), folder / "logistic_gate.png"))
