"""Make the pictures of the README, and its table of operations, anew.

    python docs/make_pictures.py

Beside each picture lies its DOT source; a test compares it with what is drawn today.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
sys.path.insert(0, str(ROOT))

from engine import TABLE, Value  # noqa: E402
from viz import draw  # noqa: E402


def example(name: str) -> Callable[[], Value]:
    """The function that an example is named after."""
    path = ROOT / "examples" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function: Callable[[], Value] = getattr(module, name)
    return function


def fan_out() -> Value:
    """A value that is used several times."""
    x, y = Value(3, label="x"), Value(-2, label="y")
    q = x * y
    output = (q * q + q) + x
    q.label, output.label = "q", "L"
    output.backward()
    return output


CASES: dict[str, tuple[Callable[[], Value], dict[str, Any]]] = {
    "apple_bill": (example("apple_bill"), {}),
    "apple_bill_book": (example("apple_bill"), {"style": "book"}),
    "apples_and_oranges": (example("apples_and_oranges"), {}),
    "fan_out": (fan_out, {}),
    "micrograd_expression": (example("micrograd_expression"), {"style": "card"}),
    "tanh_neuron": (example("tanh_neuron"), {}),
    "tanh_neuron_dark": (example("tanh_neuron"), {"theme": "dark"}),
}


def operations() -> str:
    """The table of operations as Markdown, written from the rows."""
    lines = ["| operation | symbol | domain | local derivatives |", "|---|---|---|---|"]
    for op in TABLE.values():
        domain = " , ".join(dict.fromkeys(op.domain)).replace("inf", "∞")
        domain = domain.replace("-", "−").replace("|", "∪")
        call = f"`{op.name}({', '.join(op.operands)})`"
        rules = " , ".join(f"`{formula}`" for formula in op.formulas).replace(
            "|", "\\|"
        )
        lines.append(f"| {call} | {op.symbol} | {domain} | {rules} |")
    return "\n".join(lines)


def readme(text: str) -> str:
    """The README with the table of operations as it is now."""
    pattern = r"(<!-- operations -->\n).*?(\n<!-- end of operations -->)"
    return re.sub(pattern, lambda m: m[1] + operations() + m[2], text, flags=re.DOTALL)


def main() -> None:
    """Write everything."""
    PICTURES.mkdir(exist_ok=True)
    for name, (graph, options) in CASES.items():
        picture = draw(graph(), **options, renderer="graphviz-pure")
        (PICTURES / f"{name}.gv").write_text(picture.source, encoding="utf-8")
        (PICTURES / f"{name}.png").write_bytes(picture.pipe("png"))
    version = importlib.metadata.version("graphviz-pure")
    (PICTURES / "RENDERER").write_text(version + "\n", encoding="utf-8")
    path = ROOT / "README.md"
    path.write_text(readme(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
