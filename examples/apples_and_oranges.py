"""Two apples and three oranges, 10 % tax: the add node passes gradients on."""

import sys
from pathlib import Path

from engine import Value
from viz import save


def apples_and_oranges() -> Value:
    """price = (apple × apple count + orange × orange count) × tax, differentiated."""
    apple_count, apple = Value(2, label="apple count"), Value(100, label="apple")
    orange, orange_count = Value(150, label="orange"), Value(3, label="orange count")
    tax = Value(1.1, label="tax")

    apple_price = apple_count * apple
    orange_price = orange * orange_count
    total = apple_price + orange_price
    price = total * tax
    apple_price.label, orange_price.label = "apple price", "orange price"
    total.label, price.label = "total", "price"

    price.backward()
    print(f"price = {price.data:.4g}")
    for value in (apple_count, apple, orange, orange_count, tax):
        print(f"∂price/∂({value.label}) = {value.grad:.4g}")
    return price


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    print("drawn:", save(apples_and_oranges(), folder / "apples_and_oranges.png"))
