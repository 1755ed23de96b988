"""`explain`: the chain rule at one node, in words and numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from engine.errors import OptionError
from engine.explanation.contributions import Explanation, Use, explanation
from engine.explanation.latex import latex_story
from engine.explanation.paths import MANY, Path
from engine.explanation.story import Story
from engine.explanation.wording import (
    abridged,
    called,
    defined,
    number,
    placed,
    product,
    rule,
    signed,
    term,
    times,
    total,
)
from engine.graph.value import Value
from engine.operation.symbol import formula

__all__ = ["explain"]


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
        paths: show the whole chain along so many paths to the output, those with
            the largest products; how many there are is said.

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
    return Story(_WRITERS[format](explanation(node, output, paths)))


Row = tuple[str, str]
_COLUMN = 48


@dataclass(frozen=True, slots=True)
class _Told:
    """What text and Markdown lay out, each in its way."""

    title: str
    uses: list[Row]
    paths_title: str
    paths: list[Row]
    remarks: list[str]


def _told(about: Explanation) -> _Told:
    uses = [(_place(use), _chain_rule(use)) for use in about.shown]
    if about.hidden:
        uses.append((f"… {about.hidden:,} more uses", number(about.hidden_sum)))
    if len(about.uses) > 1:
        uses.append(("sum", _sum(about)))
    paths = [(_way(path), product(path.partials, path.product)) for path in about.paths]
    return _Told(_title(about), uses, _paths_title(about), paths, _remarks(about))


def _title(about: Explanation) -> str:
    node, output = about.node, about.output
    head = f"{_derivative(output, node)} = {number(about.gradient)}"
    if node is output:
        return f"{head}: it is the output itself"
    named = (
        f"where {defined(node)} = {number(node.data)}"
        if node.op
        else (
            f"where {called(node)} = {number(node.data)}"
            if called(node)
            else "where it"
        )
    )
    if not about.uses:
        return f"{head}, {named} is not used on the way to {term(output)}"
    return f"{head}, {named} is used {times(len(about.uses))}:"


def _derivative(output: Value, node: Value) -> str:
    return f"∂{term(output)}/∂{term(node)}"


def _place(use: Use) -> str:
    """The operation that uses the node, and the line it was written on."""
    child, position = use.edge.child, use.edge.position
    twice = child.parents.count(use.edge.parent) > 1
    return placed(child, f" [operand {position + 1}]" if twice else "")


def _chain_rule(use: Use) -> str:
    """upstream × local (formula) = contribution."""
    local = signed(use.local)
    written = formula(rule(use.edge.child, use.edge.position))
    reason = "" if written == number(use.local) else f" ({written})"
    return f"{number(use.upstream)} × {local}{reason} = {number(use.contribution)}"


def _sum(about: Explanation) -> str:
    parts = [use.contribution for use in about.shown]
    if about.hidden:
        parts.append(about.hidden_sum)
    return total(parts, about.gradient)


def _paths_title(about: Explanation) -> str:
    if not about.paths:
        return ""
    count, shown = about.path_count, len(about.paths)
    to = f"to {term(about.output)}"
    if count == shown:
        return f"Along {'the path' if count == 1 else f'{count} paths'} {to}:"
    many = f"more than {MANY:,}" if count >= MANY else f"{count:,}"
    return f"Along {shown} of {many} paths {to}, those with the largest products:"


def _way(path: Path) -> str:
    """The nodes of a path from the output back, the middle of a long one left out."""
    return " ← ".join(term(node) if node else "…" for node in abridged(path.nodes))


def _remarks(about: Explanation) -> list[str]:
    node = about.node
    if not node.has_gradient or node.grad == about.gradient:
        return []
    return [
        f"{term(node)}.grad holds {number(node.grad)}: other sweeps, or another seed, "
        "went into it"
    ]


def _text(about: Explanation) -> str:
    told = _told(about)
    widths = [len(left) for left, _ in told.uses + told.paths]
    width = max((width for width in widths if width <= _COLUMN), default=0)

    def lines(rows: list[Row]) -> list[str]:
        return [f"  {left:{width}}  {right}" for left, right in rows]

    parts = [told.title, *lines(told.uses), told.paths_title, *lines(told.paths)]
    return "\n".join(filter(None, [*parts, *told.remarks]))


def _markdown(about: Explanation) -> str:
    told = _told(about)

    def table(head: Row, rows: list[Row]) -> list[str]:
        lines = [f"| {_escaped(left)} | {_escaped(right)} |" for left, right in rows]
        return (
            ["", f"| {head[0]} | {head[1]} |", "|---|---|", *lines, ""] if rows else []
        )

    parts = [
        f"**{_escaped(told.title)}**",
        *table(("use", "upstream × local = contribution"), told.uses),
        _escaped(told.paths_title),
        *table(("path", "product"), told.paths),
        *map(_escaped, told.remarks),
    ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).strip()


def _escaped(text: str) -> str:
    """Text in which Markdown and HTML find nothing of their own."""
    return re.sub(r"([\\`*_{}\[\]<>#|$])", r"\\\1", text)


_WRITERS: dict[str, Callable[[Explanation], str]] = {
    "text": _text,
    "markdown": _markdown,
    "latex": latex_story,
}
