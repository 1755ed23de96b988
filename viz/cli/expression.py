"""A small expression language: arithmetic, functions of the table, assignments.

The text is read by Python's own parser. What is on the lists below becomes the steps
of a `Script` for a stack machine, all else is an error; nothing is executed as Python.

>>> parse("subtotal = apple * n; subtotal * tax").names
('apple', 'n', 'tax')
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from engine import TABLE, logsumexp, mean
from engine.text import find_meant

MAX_LENGTH = 100_000

_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv",
    ast.FloorDiv: "floordiv", ast.Mod: "mod", ast.Pow: "pow", ast.USub: "neg",
}  # fmt: skip
COMPOSED: dict[str, tuple[Callable[..., Any], int | None]] = {
    "mean": (lambda *xs: mean(xs), None),
    "logsumexp": (lambda *xs: logsumexp(xs), None),
}
"""Functions beside the table's, and their number of operands (None: any)."""
_ALLOWED = "allowed are numbers, names, + - * / // % **, functions, and name = ..."
_WORDS = {
    ast.Attribute: "an attribute", ast.Lambda: "lambda", ast.Compare: "a comparison",
    ast.BoolOp: "and/or", ast.IfExp: "if/else", ast.Subscript: "an index",
    ast.JoinedStr: "an f-string", ast.NamedExpr: "the operator :=",
    ast.Starred: "a starred argument", ast.Tuple: "a tuple", ast.List: "a list",
    ast.ListComp: "a comprehension", ast.AugAssign: "an assignment like +=",
    ast.Import: "import", ast.ImportFrom: "import", ast.FunctionDef: "def",
    ast.For: "for", ast.While: "while", ast.If: "if", ast.Delete: "del",
    ast.BinOp: "this operator", ast.UnaryOp: "this operator",
    ast.AnnAssign: "an annotation", ast.Dict: "a dict", ast.Set: "a set",
}  # fmt: skip


_WRITTEN_OTHERWISE = {
    "sum": "a sum is written x + y + z", "fsum": "a sum is written x + y + z",
    "prod": "a product is written x * y * z", "square": "a square is written x ** 2",
    "dot": "a product of vectors is written x1 * y1 + x2 * y2",
    "float": "numbers are numbers: leave it away",
}  # fmt: skip
"""What people call, and the language writes without a function."""

_ADVICE = {
    "invalid syntax": "; products are written x * y, functions tanh(x)",
    "invalid decimal literal": "; a product is written 2 * x",
}
"""What to do, where Python's parser says only what is wrong."""


class ExpressionError(ValueError):
    """The text is no expression, or it has no value; the message says where and why."""

    def __init__(
        self, why: str, line: int = 1, column: int = 1, part: str = ""
    ) -> None:
        self.line = line
        self.column = column
        part = " ".join(part.split())
        part = part if len(part) <= 40 else part[:39] + "…"
        shown = f" in {part!r}" if part else ""
        super().__init__(f"line {line}, column {column}{shown}: {why}")


class Source:
    """A text and its lines, in which Python's parser counts bytes."""

    def __init__(self, text: str) -> None:
        self.lines = [
            line.encode(errors="replace") for line in text.strip(" \t").splitlines()
        ]


class Place(NamedTuple):
    """Where something is in a text: worked out when somebody asks."""

    source: Source
    node: Any

    def find(self) -> tuple[int, int, str]:
        """Line, column and text."""
        node = self.node
        line, start = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        content = self.source.lines[line - 1]
        end = getattr(node, "end_col_offset", None)
        last = end if getattr(node, "end_lineno", line) == line else None
        column = len(content[:start].decode(errors="replace")) + 1
        return line, column, content[start:last].decode(errors="replace")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the stack machine: push a number or name, or apply a function."""

    kind: str
    """'number', 'name' or 'apply'."""
    what: float | str
    count: int
    """How many operands it takes from the stack."""
    place: Place
    """The text it stands for."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The steps of an expression, and the name that its result gets."""

    target: str | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """Statements; the result of the last one is the result of the script."""

    statements: tuple[Statement, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names that are used before they are assigned, in order of first use."""
        assigned: set[str] = set()
        free: dict[str, None] = {}
        for statement in self.statements:
            for step in statement.steps:
                if step.kind == "name" and step.what not in assigned:
                    free[str(step.what)] = None
            if statement.target:
                assigned.add(statement.target)
        return tuple(free)


def parse(text: str) -> Script:
    """Read statements separated by `;` or line breaks.

    Raises:
        ExpressionError: the text is not in the language.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"it is longer than the limit of {MAX_LENGTH} characters")
    body = _parse_python(text)
    if not body:
        raise ExpressionError("there is no expression; write for example x * y + 1")
    reader = _Reader(text)
    return Script(tuple(reader.read_statement(node) for node in body))


def _parse_python(text: str) -> list[ast.stmt]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text.strip(" \t")).body
    except SyntaxError as error:
        lines = text.splitlines() or [""]
        line = min(max(error.lineno or 1, 1), len(lines))
        why = error.msg + _ADVICE.get(error.msg, "")
        raise ExpressionError(
            why, line, max(error.offset or 1, 1), lines[line - 1]
        ) from None
    except (RecursionError, MemoryError):
        raise ExpressionError("it is nested too deeply; use assignments") from None
    except (ValueError, OverflowError) as error:  # null bytes, surrogates, huge ints
        raise ExpressionError(f"it cannot be read: {error}") from None


class _Reader:
    """From Python's syntax tree to steps, without recursion."""

    def __init__(self, text: str) -> None:
        self.source = Source(text)

    def refuse(self, node: ast.AST, why: str) -> ExpressionError:
        return ExpressionError(why, *Place(self.source, node).find())

    def refuse_node(self, node: ast.AST) -> ExpressionError:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitXor):
            return self.refuse(node, "a power is written x ** 2")
        name = _WORDS.get(type(node), type(node).__name__.lower())
        return self.refuse(node, f"{name} is not part of the language; {_ALLOWED}")

    def read_statement(self, node: ast.stmt) -> Statement:
        if isinstance(node, ast.Expr):
            return Statement(None, self.read_steps(node.value))
        if not isinstance(node, ast.Assign):
            raise self.refuse_node(node)
        [target, *more] = node.targets
        if more or not isinstance(target, ast.Name):
            raise self.refuse(node, "an assignment has one name on its left")
        return Statement(target.id, self.read_steps(node.value))

    def read_steps(self, root: ast.expr) -> tuple[Step, ...]:
        found: list[Step] = []
        stack: list[ast.expr | Step] = [root]
        while stack:
            node = stack.pop()
            if isinstance(node, Step):
                found.append(node)
            else:
                step, operands = self.read_step(node)
                stack.append(step)
                stack.extend(reversed(operands))
        return tuple(found)

    def read_step(self, node: ast.expr) -> tuple[Step, list[ast.expr]]:
        """The step that a node stands for, and the operands that come before it."""
        place = Place(self.source, node)
        if isinstance(node, ast.Constant):
            return Step("number", self.read_number(node), 0, place), []
        if isinstance(node, ast.Name):
            return Step("name", node.id, 0, place), []
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            name, operands = _OPERATORS[type(node.op)], [node.left, node.right]
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return self.read_step(node.operand)
        elif isinstance(node, ast.UnaryOp) and type(node.op) in _OPERATORS:
            name, operands = "neg", [node.operand]
        elif isinstance(node, ast.Call):
            name, operands = self.check_function(node), node.args
        else:
            raise self.refuse_node(node)
        return Step("apply", name, len(operands), place), operands

    def read_number(self, node: ast.Constant) -> float:
        if type(node.value) not in (int, float):
            raise self.refuse(node, f"{node.value!r} is not a real number")
        try:
            return float(node.value)  # type: ignore[arg-type]
        except OverflowError:
            raise self.refuse(node, "the number is too large for a float") from None

    def check_function(self, node: ast.Call) -> str:
        if isinstance(node.func, ast.Attribute) and node.func.attr in TABLE:
            raise self.refuse(
                node, f"write {node.func.attr}(x), without what is before"
            )
        if not isinstance(node.func, ast.Name):
            raise self.refuse(node, f"only functions by name can be called; {_ALLOWED}")
        if node.keywords:
            raise self.refuse(node, "arguments have no names here: write f(x, y)")
        name = node.func.id
        wanted = _find_counts(name)
        if not wanted:
            raise self.refuse(node, _suggest_function(name))
        if len(node.args) not in wanted:
            raise self.refuse(
                node, f"{name} takes {_describe_counts(wanted)}, not {len(node.args)}"
            )
        return name


def _find_counts(name: str) -> range:
    """The numbers of operands that a function accepts; empty if there is none."""
    if name in COMPOSED:
        count = COMPOSED[name][1]
        return range(count, count + 1) if count else range(1, 1001)
    op = TABLE.get(name)
    if op is None:
        return range(0)
    return range(op.arity - (op.default is not None), op.arity + 1)


def _describe_counts(counts: range) -> str:
    if len(counts) > 2:
        return "one operand or more"
    number = " or ".join(map(str, counts))
    return f"{number} operand{'s' * (counts[-1] != 1)}"


def _suggest_function(name: str) -> str:
    known = [*TABLE, *COMPOSED]
    near = find_meant(name, known)
    hint = f"did you mean {near}?" if near else f"there are {', '.join(known)}"
    hint = _WRITTEN_OTHERWISE.get(name, hint)
    return f"there is no function {name!r}; {hint}"
