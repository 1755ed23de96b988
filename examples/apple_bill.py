"""The apple bill: two apples at 100 each, 10 % tax. What does each input matter?"""

import sys
from pathlib import Path

from engine import Value
from viz import save


def apple_bill() -> Value:
    """price = apple × n × tax, with its gradients."""
    apple = Value(100, label="apple")
    n = Value(2, label="n")
    tax = Value(1.1, label="tax")
    subtotal = apple * n
    subtotal.label = "subtotal"
    price = subtotal * tax
    price.label = "price"
    price.backward()
    print(f"price = {price.data:.4g}")
    for name, value in (("apple", apple), ("n", n), ("tax", tax)):
        print(f"one more {name} changes the price by {value.grad:.4g}")
    return price


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    print("drawn:", save(apple_bill(), folder / "apple_bill.png"))
