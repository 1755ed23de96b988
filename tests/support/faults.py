"""The faults that `plant.py` plants, each with the tests of which one has to fail."""

from __future__ import annotations

from dataclasses import dataclass

PASSES = ("tests/engine/tape/test_passes.py",)
CHECK = ("tests/engine/gradcheck",)
EXPLAIN = ("tests/engine/explanation",)
ERRORS = ("tests/engine/graph/test_value.py",)
PICTURES = ("tests/viz/drawing/test_numbers.py",)
FILM = ("tests/viz/film",)
TREE = ("tests/viz/formats/test_tree.py",)


@dataclass(frozen=True, slots=True)
class Fault:
    """A line of a file, and what a tired person may write instead."""

    name: str
    file: str
    right: str
    wrong: str
    tests: tuple[str, ...]


FAULTS = (
    # -- the engine
    Fault(
        "common subexpressions take x − y for y − x",
        "engine/tape/ir/passes.py",
        'op in ("add", "mul"):',
        'op in ("add", "mul", "sub"):',
        PASSES,
    ),
    Fault(
        "common subexpressions take x ÷ y for y ÷ x",
        "engine/tape/ir/passes.py",
        'op in ("add", "mul"):',
        'op in ("add", "mul", "truediv"):',
        PASSES,
    ),
    Fault(
        "common subexpressions take x to the y for y to the x",
        "engine/tape/ir/passes.py",
        'op in ("add", "mul"):',
        'op in ("add", "mul", "pow"):',
        PASSES,
    ),
    Fault(
        "common subexpressions take atan2(x, y) for atan2(y, x)",
        "engine/tape/ir/passes.py",
        'op in ("add", "mul"):',
        'op in ("add", "mul", "atan2"):',
        PASSES,
    ),
    Fault(
        "common subexpressions compute x + y and y + x",
        "engine/tape/ir/passes.py",
        'op in ("add", "mul"):',
        "op in ():",
        PASSES,
    ),
    Fault(
        "a tape has one zero for 0.0 and −0.0",
        "engine/tape/ir/passes.py",
        "return number.hex()",
        "return (number + 0.0).hex()",
        PASSES,
    ),
    Fault(
        "powers of exponent 1 are left alone",
        "engine/tape/ir/passes.py",
        'if op == "identity" or exponent == 1:',
        'if op == "identity":',
        PASSES,
    ),
    Fault(
        "the gradient check allows a hundred times as much",
        "engine/gradcheck/check.py",
        "tolerance = self.rtol * size + atol + 4 * slope.error",
        "tolerance = 100 * (self.rtol * size + atol + 4 * slope.error)",
        CHECK,
    ),
    Fault(
        "the gradient check allows a hundred times rtol",
        "engine/gradcheck/check.py",
        "tolerance = self.rtol * size",
        "tolerance = 100 * self.rtol * size",
        CHECK,
    ),
    Fault(
        "the gradient check allows a hundred times atol",
        "engine/gradcheck/check.py",
        "size + atol + 4 * slope.error",
        "size + 100 * atol + 4 * slope.error",
        CHECK,
    ),
    Fault(
        "the sum of hidden uses in explain is 0",
        "engine/explanation/contributions.py",
        "return self.gradient - add_up(use.contribution for use in self.shown)",
        "return 0.0",
        EXPLAIN,
    ),
    Fault(
        "a domain error is without its advice",
        "engine/operation/op.py",
        'if wanted else ""',
        'if not wanted else ""',
        ERRORS,
    ),
    # -- pictures
    Fault(
        "a share is the upstream gradient",
        "viz/diagram/diagram.py",
        "else upstream * use.partial,",
        "else upstream,",
        PICTURES,
    ),
    Fault(
        "a wire forgets the share of uses that are not drawn",
        "viz/diagram/flow.py",
        "elif len(uses) == 1 and node.elsewhere:",
        "elif len(uses) == 1 and not node:",
        PICTURES,
    ),
    Fault(
        "a fork forgets the share of uses that are not drawn",
        "viz/diagram/flow.py",
        "    if node.elsewhere:\n        rest",
        "    if not node:\n        rest",
        PICTURES,
    ),
    Fault(
        "the share of uses that are not drawn has the other sign",
        "viz/diagram/diagram.py",
        "rest = gradient - here",
        "rest = here - gradient",
        PICTURES,
    ),
    Fault(
        "a fork is lost",
        "viz/dot/wire.py",
        'if flow.kind == "trunk":',
        'if flow.kind == "fork":',
        PICTURES,
    ),
    Fault(
        "branches start at the node and not at the fork",
        "viz/diagram/flow.py",
        'yield from _branch_out(uses, id_, f"k{node.id}")',
        "yield from _branch_out(uses, id_, node.id)",
        PICTURES,
    ),
    Fault(
        "branches of a fork stand in the other order",
        "viz/diagram/flow.py",
        'yield flow_of(use, f"{id_}_{i}", start)',
        'yield flow_of(uses[-1 - i], f"{id_}_{i}", start)',
        PICTURES,
    ),
    Fault(
        "a scope adds up its last use alone",
        "viz/diagram/collapse.py",
        "parts[use.parent] = (parts.get(use.parent) or 0.0) + share",
        "parts[use.parent] = share",
        PICTURES,
    ),
    Fault(
        "a scope has the sum for the norm",
        "viz/diagram/collapse.py",
        "math.hypot(*known)",
        "math.fsum(known)",
        PICTURES,
    ),
    Fault(
        "a scope counts leaves among its parameters",
        "viz/diagram/collapse.py",
        'if v.kind == "parameter" and v not in used',
        "if v.op is None and v not in used",
        PICTURES,
    ),
    Fault(
        "the smallest and the largest output of a scope are swapped",
        "viz/dot/scopes.py",
        "(min(values), max(values))",
        "(max(values), min(values))",
        PICTURES,
    ),
    Fault(
        "every crowd of scopes is small enough to draw",
        "viz/diagram/collapse.py",
        "for node in diagram.nodes) >= CROWD",
        "for node in diagram.nodes) >= 9 * CROWD",
        PICTURES,
    ),
    Fault(
        "two scopes are a crowd",
        "viz/diagram/collapse.py",
        "for node in diagram.nodes) >= CROWD",
        "for node in diagram.nodes) >= 2",
        PICTURES,
    ),
    Fault(
        "a crowd begins one scope later",
        "viz/diagram/collapse.py",
        "for node in diagram.nodes) >= CROWD",
        "for node in diagram.nodes) > CROWD",
        PICTURES,
    ),
    Fault(
        "named inputs of a scope are cut at 2",
        "viz/diagram/collapse.py",
        "MOST_INPUTS = 8",
        "MOST_INPUTS = 2",
        PICTURES,
    ),
    Fault(
        "named inputs of a scope are not cut",
        "viz/diagram/collapse.py",
        "named if len(named) <= MOST_INPUTS else []",
        "named",
        PICTURES,
    ),
    Fault(
        "the colours of both signs are swapped",
        "viz/style/paint.py",
        "return self.theme.positive if gradient > 0 else self.theme.negative",
        "return self.theme.negative if gradient > 0 else self.theme.positive",
        PICTURES,
    ),
    Fault(
        "a norm has the colour of a sign",
        "viz/style/paint.py",
        "return Pen(color if signed else self.theme.plain_wire, width)",
        "return Pen(color, width)",
        PICTURES,
    ),
    Fault(
        "small gradients have thick wires",
        "viz/style/paint.py",
        "width = WIDTHS[round(2 * strength)]",
        "width = WIDTHS[2 - round(2 * strength)]",
        PICTURES,
    ),
    Fault(
        "a gradient of nan has the colour of a negative one",
        "viz/style/paint.py",
        "        if not math.isfinite(gradient):\n            return Pen",
        "        if math.isinf(gradient):\n            return Pen",
        PICTURES,
    ),
    Fault(
        "the operands of a difference may be swapped",
        "viz/dot/wire.py",
        '    "sub", "truediv", ',
        '    "truediv", ',
        PICTURES,
    ),
    Fault(
        "a sum with a name of its own is fused",
        "viz/diagram/fuse.py",
        "or node.label or node.hidden",
        "or node.hidden",
        PICTURES,
    ),
    Fault(
        "summands are fused in the other order",
        "viz/diagram/fuse.py",
        "waiting += reversed(diagram.into(edge.source))",
        "waiting += diagram.into(edge.source)",
        PICTURES,
    ),
    Fault(
        "a cut follows the smallest gradients",
        "viz/diagram/crop.py",
        "(-_weigh(gradient(operand)), count, operand)",
        "(_weigh(gradient(operand)), count, operand)",
        ("tests/viz/drawing/test_sizes.py::test_the_largest_gradients_are_kept",),
    ),
    Fault(
        "a stub counts what is drawn as hidden",
        "viz/diagram/crop.py",
        "if value not in shown and value not in found:",
        "if value not in found:",
        PICTURES,
    ),
    Fault(
        "a change has the other sign",
        "viz/diagram/diagram.py",
        "return now - was if differ(now, was) else 0.0",
        "return was - now if differ(now, was) else 0.0",
        PICTURES,
    ),
    Fault(
        "before and after are swapped",
        "viz/style/words.py",
        'return f"{format_number(was, self.digits)} → {text}"',
        'return f"{text} → {format_number(was, self.digits)}"',
        PICTURES,
    ),
    Fault(
        "a wire stands out with one of its ends",
        "viz/dot/highlight.py",
        "edge.source in ids and edge.target in ids",
        "edge.source in ids or edge.target in ids",
        PICTURES,
    ),
    Fault(
        "cards do not show shares",
        "viz/dot/card.py",
        "else not flow.is_one_of_several",
        "else True",
        PICTURES,
    ),
    Fault(
        "contributions that meet lose their signs",
        "viz/diagram/sentence.py",
        'return f"− {number[1:]}" if number.startswith("−") else f"+ {number}"',
        'return f"+ {number[1:]}" if number.startswith("−") else f"+ {number}"',
        PICTURES,
    ),
    Fault(
        "a film multiplies by the value",
        "viz/film/equations.py",
        'gradient_of(node), " × ", Quantity("partial", edge.key)',
        'gradient_of(node), " × ", value_of(edge)',
        FILM,
    ),
    Fault(
        "a tree shows the whole gradient as the share",
        "viz/formats/tree.py",
        "yield self._write_gradient(use.gradient)",
        "yield self._write_gradient(node.gradient or 0.0)",
        TREE,
    ),
)
