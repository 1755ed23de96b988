"""The chain rule at one node as LaTeX: an align* for amsmath."""

from __future__ import annotations

from engine.explanation.contributions import Explanation, Use
from engine.explanation.paths import MANY, Path
from engine.explanation.wording import (
    abridge,
    as_symbol,
    format_label,
    partial_as_symbol,
)
from engine.graph.value import Value
from engine.operation.latex import latex, latex_factor, latex_name, latex_text

_LONG_LINE = 100


def write_latex(about: Explanation) -> str:
    r"""Four lines: the chain rule, its formulas, its numbers, its sum; then the paths.

    >>> from engine.explanation.contributions import find_explanation
    >>> x, y = Value(2.0, label="x"), Value(-5.0, label="y")
    >>> z = x * y
    >>> z.label = "z"
    >>> print(write_latex(find_explanation(x, z)))
    \begin{align*}
    \frac{\partial z}{\partial x}
      &= \frac{\partial z}{\partial z} \cdot \frac{\partial z}{\partial x} \\
      &= 1 \cdot y \\
      &= 1 \cdot \left(-5\right) \\
      &= -5
    \end{align*}
    """
    uses = about.shown
    steps = [
        [_format_chain_rule(about, use) for use in uses],
        [_format_factors(use) for use in uses],
        [f"{latex(use.upstream)} \\cdot {latex_factor(use.local)}" for use in uses],
        [latex(use.contribution) for use in uses] if len(uses) > 1 else [],
        [latex(about.gradient)],
    ]
    sums = [_format_sum(step, about.hidden) for step in steps[:-1] if step]
    sums += steps[-1]
    lines = [f"  &= {text}" for text in dict.fromkeys(sums)]
    lines += [_format_path(path) for path in about.paths]
    head = _format_derivative(about.output, about.node)
    body = " \\\\\n".join([f"{head}\n{lines[0]}", *lines[1:]])
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}{_format_comment(about)}"


def _format_term(node: Value) -> str:
    if node.label:
        return latex_name(format_label(node))
    return _parenthesize(latex(as_symbol(node, _format_operand)))


def _format_operand(node: Value) -> str:
    return latex_name(format_label(node)) if node.label else latex(node.data)


def _parenthesize(text: str) -> str:
    return rf"\left({text}\right)"


def _format_derivative(above: Value, below: Value) -> str:
    return rf"\frac{{\partial {_format_term(above)}}}{{\partial {_format_term(below)}}}"


def _format_chain_rule(about: Explanation, use: Use) -> str:
    child = use.edge.child
    upstream = _format_derivative(about.output, child)
    return rf"{upstream} \cdot {_format_derivative(child, about.node)}"


def _format_factors(use: Use) -> str:
    """upstream · formula of the local derivative."""
    written = latex_factor(
        partial_as_symbol(use.edge.child, use.edge.position, _format_operand)
    )
    return rf"{latex(use.upstream)} \cdot {written}"


def _format_sum(parts: list[str], hidden: int) -> str:
    text = parts[0]
    long = sum(map(len, parts)) > _LONG_LINE
    for part in parts[1:]:
        gap = " \\\\\n  &\\quad" if long else ""
        text += gap + (f" - {part[1:]}" if part.startswith("-") else f" + {part}")
    return text + (r" + \cdots" if hidden else "")


def _format_path(path: Path) -> str:
    dots = r"\cdots"
    way = r" \leftarrow ".join(
        dots if node is None else _format_term(node) for node in abridge(path.nodes)
    )
    factors = r" \cdot ".join(
        dots if x is None else latex_factor(x) for x in abridge(path.partials)
    )
    return rf"{way} &: \quad {factors or 1} = {latex(path.product)}"


def _format_comment(about: Explanation) -> str:
    """What was left out, as comments of LaTeX."""
    left_out = []
    if about.hidden:
        left_out.append(f"{about.hidden:,} more uses stand in the dots")
    if about.path_count > len(about.paths):
        many = "more than " if about.path_count >= MANY else ""
        left_out.append(
            f"{len(about.paths)} of {many}{about.path_count:,} paths are shown"
        )
    return "".join(f"\n% {latex_text(text)}" for text in left_out)
