"""Sentences: words, and in between references to numbers of a diagram.

What a wire or an equation says is decided once, as a sentence. A picture writes it with
the numbers of its diagram; a page gets it as it is, and writes it again whenever a
number changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Place: TypeAlias = str | tuple[str, int] | tuple[str, str, int]
"""Where in a diagram: the id of a node, or (source, target, position) of an edge, or
(id, index) of one of the outputs of a scope."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a diagram, by its name and its place: "gradient" of "n3"."""

    kind: str
    """The attribute of the node, edge or output that holds it."""
    place: Place
    added: bool = field(default=False, compare=False)
    """Whether it is written as one more summand: `+ 3`, `− 2`."""

    def add(self) -> Quantity:
        """The same number, as one more summand."""
        return Quantity(self.kind, self.place, added=True)


Sentence: TypeAlias = tuple[str | Quantity, ...]


def add_up(terms: Sequence[str | Quantity]) -> Sentence:
    """The terms with their signs in between: 22 − 6 + 1."""
    rest = [term if isinstance(term, str) else term.add() for term in terms[1:]]
    return (*terms[:1], *(part for term in rest for part in (" ", term)))


def write(sentence: Sentence, number: Callable[[Quantity], str]) -> str:
    """A sentence as text; `number` writes the numbers.

    >>> share = Quantity("gradient", ("n0", "n2", 1))
    >>> write(("= 22 ", share.add()), lambda quantity: "−3")
    '= 22 − 3'
    """
    return "".join(
        part if isinstance(part, str) else _write_number(part, number(part))
        for part in sentence
    )


def _write_number(quantity: Quantity, number: str) -> str:
    if not quantity.added:
        return number
    return f"− {number[1:]}" if number.startswith("−") else f"+ {number}"
