"""Six optimizers teach the same network to tell three kinds of iris apart.

    python examples/iris.py [folder] [epochs]

It needs scikit-learn and matplotlib: pip install 'dotgrad[fast,train]'
"""

import random
import sys
from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split

from engine import nn

RULES = {
    "SGD": lambda p: nn.SGD(p, lr=0.1),
    "Momentum": lambda p: nn.Momentum(p, lr=0.02),
    "Nesterov": lambda p: nn.Nesterov(p, lr=0.02),
    "AdaGrad": lambda p: nn.AdaGrad(p, lr=0.1),
    "RMSProp": lambda p: nn.RMSProp(p, lr=0.01),
    "Adam, lr along a cosine": lambda p: nn.Adam(p, lr=nn.cosine(0.03, 0.001, 200)),
}


def iris(epochs: int = 40) -> plt.Figure:
    """The loss by epoch for each optimizer, from the same first weights."""
    xs, ys = load_iris(return_X_y=True)
    xs = (xs - xs.mean(axis=0)) / xs.std(axis=0)
    parts = train_test_split(xs, ys, test_size=50, stratify=ys, random_state=0)
    train_x, test_x, train_y, test_y = (part.tolist() for part in parts)
    figure, axes = plt.subplots(figsize=(7, 4.3), layout="constrained")
    for name, make in RULES.items():
        rng = random.Random(0)
        hidden, output = nn.Affine(4, 8, rng=rng), nn.Affine(8, 3, rng=rng)
        model = nn.Sequential(hidden, nn.Tanh(), output)
        history = nn.fit(
            model, train_x, train_y, loss=nn.softmax_cross_entropy, epochs=epochs,
            optimizer=make(model.parameters()), batch_size=20, rng=rng,
        )  # fmt: skip
        right = nn.accuracy(model, test_x, test_y)
        print(f"{name}: loss {history['loss'][-1]:.3f}, {right:.0%} of the test right")
        axes.plot(range(1, epochs + 1), history["loss"], label=f"{name}: {right:.0%}")
    axes.set(xlabel="epoch", ylabel="training loss", yscale="log")
    axes.set_title("Iris, 4-8-3 with tanh: 100 flowers to train, 50 to test")
    axes.legend(title="optimizer: test accuracy")
    return figure


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    iris(*map(int, sys.argv[2:3])).savefig(folder / "iris.png", dpi=120)
    print("drawn:", folder / "iris.png")
