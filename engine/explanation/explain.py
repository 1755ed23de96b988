"""`explain`: the chain rule at one node, in words and numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from engine.errors import OptionError
from engine.explanation.contributions import Explanation, Use, find_explanation
from engine.explanation.latex import write_latex
from engine.explanation.paths import MANY, Path
from engine.explanation.wording import (
    Story,
    abridge,
    format_contribution,
    format_count,
    format_definition,
    format_label,
    format_number,
    format_product,
    format_sum,
    format_term,
    locate,
    telling_apart,
)
from engine.graph.value import Value


def explain(
    node: Value,
    output: Value | None = None,
    *,
    format: str = "text",  # noqa: A002
    paths: int = 0,
) -> Story:
    """Tell where the gradient of `node` comes from: what each use of it contributes.

    A line for each use, `upstream × local (formula) = contribution`, and their sum:
    ∂output/∂node = Σ ∂output/∂child × ∂child/∂node. The result is a string that a REPL
    shows as it is read.

    Args:
        output: whose derivative is meant; that of the last `backward` otherwise.
        format: "text", "markdown", or "latex" (an align* for amsmath).
        paths: how many paths to the output to show, those with the largest products;
            all are counted.

    >>> from engine import Value
    >>> x, y = Value(2.0, label="x"), Value(5.0, label="y")
    >>> z = x * y + x
    >>> z.label = "z"
    >>> explain(x, z, paths=9)
    ∂z/∂x = 6, where x = 2 is used 2 times:
      x × y            1 × 5 (y) = 5
      z = 10 + x       1 × 1 = 1
      sum              5 + 1 = 6
    Along 2 paths to z:
      z ← (x × y) ← x  1 × 5 = 5
      z ← x            1

    Raises:
        OperandError: `node` or `output` is not a Value.
        OptionError: an option is wrong, or no output is known.
    """
    if format not in _WRITERS:
        raise OptionError(f"format={format!r}: choose from {', '.join(_WRITERS)}")
    about = find_explanation(node, output, paths)
    with telling_apart(about.output):
        return Story(_WRITERS[format](about))


Row = tuple[str, str]
_COLUMN = 48


@dataclass(frozen=True, slots=True)
class _Content:
    """The parts of an explanation, which text and Markdown lay out in their own way."""

    title: str
    uses: list[Row]
    paths_title: str
    paths: list[Row]
    remarks: list[str]


def _describe(about: Explanation) -> _Content:
    uses = [
        (_format_use(use), format_contribution(use.edge, use.upstream))
        for use in about.shown
    ]
    if about.hidden:
        uses.append((f"… {about.hidden:,} more uses", format_number(about.hidden_sum)))
    if len(about.uses) > 1:
        uses.append(("sum", _format_total(about)))
    paths = [
        (_format_nodes(path), format_product(path.partials, path.product))
        for path in about.paths
    ]
    title, paths_title = _format_title(about), _format_paths_title(about)
    return _Content(title, uses, paths_title, paths, _find_remarks(about))


def _format_title(about: Explanation) -> str:
    node, output = about.node, about.output
    derivative = f"∂{format_term(output)}/∂{format_term(node)}"
    head = f"{derivative} = {format_number(about.gradient)}"
    if node is output:
        return f"{head}: it is the output itself"
    name = format_definition(node) if node.op else format_label(node)
    named = f"where {name} = {format_number(node.data)}" if name else "where it"
    if not about.uses:
        return f"{head}, {named} is not used on the way to {format_term(output)}"
    return f"{head}, {named} is used {format_count(len(about.uses))}:"


def _format_use(use: Use) -> str:
    """The operation that uses the node, and the line it was written on."""
    child, position = use.edge.child, use.edge.position
    twice = child.parents.count(use.edge.parent) > 1
    return locate(child, f" [operand {position + 1}]" if twice else "")


def _format_total(about: Explanation) -> str:
    parts = [use.contribution for use in about.shown]
    if about.hidden:
        parts.append(about.hidden_sum)
    return format_sum(parts, about.gradient)


def _format_paths_title(about: Explanation) -> str:
    if not about.paths:
        return ""
    count, shown = about.path_count, len(about.paths)
    to = f"to {format_term(about.output)}"
    if count == shown:
        return f"Along {'the path' if count == 1 else f'{count} paths'} {to}:"
    many = f"more than {MANY:,}" if count >= MANY else f"{count:,}"
    return f"Along {shown} of {many} paths {to}, those with the largest products:"


def _format_nodes(path: Path) -> str:
    """The nodes of a path from the output back, the middle of a long one left out."""
    return " ← ".join(
        "…" if node is None else format_term(node) for node in abridge(path.nodes)
    )


def _find_remarks(about: Explanation) -> list[str]:
    node = about.node
    if not node.has_gradient or node.grad == about.gradient:
        return []
    return [
        f"{format_term(node)}.grad holds {format_number(node.grad)}: other sweeps, or "
        "another seed, went into it"
    ]


def _write_text(about: Explanation) -> str:
    content = _describe(about)
    widths = [len(left) for left, _ in content.uses + content.paths]
    width = max((width for width in widths if width <= _COLUMN), default=0)

    def lines(rows: list[Row]) -> list[str]:
        return [f"  {left:{width}}  {right}" for left, right in rows]

    parts = [content.title, *lines(content.uses)]
    parts += [content.paths_title, *lines(content.paths), *content.remarks]
    return "\n".join(filter(None, parts))


def _write_markdown(about: Explanation) -> str:
    content = _describe(about)

    def table(head: Row, rows: list[Row]) -> list[str]:
        lines = [f"| {_escape(left)} | {_escape(right)} |" for left, right in rows]
        return (
            ["", f"| {head[0]} | {head[1]} |", "|---|---|", *lines, ""] if rows else []
        )

    parts = [
        f"**{_escape(content.title)}**",
        *table(("use", "upstream × local = contribution"), content.uses),
        _escape(content.paths_title),
        *table(("path", "product"), content.paths),
        *map(_escape, content.remarks),
    ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).strip()


def _escape(text: str) -> str:
    """The text, with what Markdown and HTML would read as marks escaped."""
    return re.sub(r"([\\`*_{}\[\]<>#|$])", r"\\\1", text)


_WRITERS: dict[str, Callable[[Explanation], str]] = {
    "text": _write_text,
    "markdown": _write_markdown,
    "latex": write_latex,
}
