"""Strict JSON, which has no numbers for nan and the infinities: they become strings."""

from __future__ import annotations

import json
import math
from dataclasses import fields, is_dataclass
from typing import Any

from engine.util.nested import map_tree

__all__ = ["json_text", "plain"]


def json_text(data: Any, *, indent: int | None = None) -> str:
    """The JSON of nested data, on one line without spaces or indented.

    >>> json_text({"x": [1.5, float("-inf")], "y": (float("nan"), None)})
    '{"x":[1.5,"-inf"],"y":["nan",null]}'
    """
    separators = (",", ":") if indent is None else None
    return json.dumps(
        plain(data),
        ensure_ascii=False,
        allow_nan=False,
        indent=indent,
        separators=separators,
    )


def plain(data: Any) -> Any:
    """The data without what JSON cannot hold; a dataclass becomes a list of its fields.

    >>> plain({"x": float("inf"), "y": [0.5]})
    {'x': 'inf', 'y': [0.5]}
    """
    return map_tree(_plain_leaf, data)


def _plain_leaf(x: Any) -> Any:
    if isinstance(x, float) and not math.isfinite(x):
        return str(x)
    if is_dataclass(x) and not isinstance(x, type):
        return plain([getattr(x, field.name) for field in fields(x)])
    return x
