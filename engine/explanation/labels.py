"""What to call leaves that share a label: the scopes that they are used in tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.graph.value import Value

Path = tuple[str, ...]


def path_labels(nodes: Iterable[Value]) -> dict[Value, Path]:
    """For each leaf whose label others have as well: scopes that set it apart, label.

    Its path is the scope that it was made in, or else the one that all its uses are
    in, no deeper than is needed to set the leaves of that label apart.

    Args:
        nodes: the nodes of a graph, in topological order.

    >>> import random
    >>> from engine import topological_order
    >>> from engine.nn import Affine, Sequential
    >>> rng = random.Random(0)
    >>> [y] = Sequential(Affine(1, 1, rng=rng), Affine(1, 1, rng=rng))([2.0])
    >>> [" › ".join(path) for path in path_labels(topological_order(y)).values()]
    ['Affine 1 › w11', 'Affine 1 › b1', 'Affine 2 › w11', 'Affine 2 › b1']
    """
    order = list(nodes)
    leaves: defaultdict[str, list[Value]] = defaultdict(list)
    for node in order:
        if node.op is None and (label := node.label):
            leaves[label].append(node)
    groups = [group for group in leaves.values() if len(group) > 1]
    if not groups:
        return {}
    scopes = _find_scopes(order, {leaf for group in groups for leaf in group})
    paths: dict[Value, Path] = {}
    for group in groups:
        depth = _find_depth([scopes[leaf] for leaf in group])
        for leaf in group:
            if shown := scopes[leaf][:depth]:
                paths[leaf] = (*shown, leaf.label or "")
    return {node: paths[node] for node in order if node in paths}


def _find_scopes(order: list[Value], leaves: set[Value]) -> dict[Value, Path]:
    """The scope of each of these leaves."""
    used: dict[Value, Path] = {}
    for node in order:
        for parent in node.parents:
            if parent in leaves:
                used[parent] = _find_common(used.get(parent, node.scope), node.scope)
    return {leaf: leaf.scope or used.get(leaf, ()) for leaf in leaves}


def _find_common(one: Path, other: Path) -> Path:
    pairs = zip(one, other, strict=False)
    return tuple(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _find_depth(paths: list[Path]) -> int:
    """How much of the paths tells as many of them apart as the whole does."""
    depth = 0
    while len({path[:depth] for path in paths}) < len(set(paths)):
        depth += 1
    return depth
