"""What a function reads beside its arguments, as far as it can be seen from outside.

The names that its code uses lead to closures, globals and attributes, and from there
to lists, models and other functions. What is found there is compared at each call.
"""

from __future__ import annotations

import dis
import functools
import random
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import chain
from operator import is_, itemgetter
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    MethodType,
    ModuleType,
)
from typing import Any

from engine.autodiff.custom import CustomFunction
from engine.graph.callsite import PACKAGE, is_library
from engine.graph.value import Value
from engine.native.core import core

PLAIN = (int, float, complex, str, bytes, bool, type(None))
MOST = 200_000
"""So many things are looked at; larger lists and arrays are compared as a whole."""
_MISSING: Any = object()
_IMPLICIT = ("__call__", "forward", "forward_row")
"""Methods that are called without their names in the code that calls."""


class State:
    """A snapshot of what `f` reads, which can say whether it is still the same."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self._getters: list[tuple[Callable[[str, Any], Any], str, str]] = []
        self._cells: list[tuple[CellType, str]] = []
        self._lists: list[tuple[Any, str]] = []
        self._arrays: list[tuple[Any, Any, str]] = []
        self._generators: list[tuple[Any, Callable[[], Any], str, str]] = []
        self._seen: dict[int, Any] = {}
        self._names: set[str] = set()
        self._objects: list[tuple[Any, str]] = []
        self._stack: list[tuple[Any, str]] = [(f, "f")]
        self._walk()
        del self._stack, self._objects, self._names, self._seen
        # The views of dicts are alive: this is put together once, and read often.
        parts = [
            [x, x.values()] if isinstance(x, dict) else [x] for x, _ in self._lists
        ]
        self._views = [view for some in parts for view in some]
        self._lengths = [*map(len, self._views)]
        self._readers = [*self._make_readers()]
        self._sets = [view for view in self._views if not _is_list(view)]
        self._fixed: list[Any] = [view for view in self._views if _is_list(view)]
        self._remember(list(self._read()))

    def holds(self) -> bool:
        """Whether all that was found is still the same."""
        if not self._is_untouched() and self.find_change():
            return False
        return all(map(_are_equal, self._arrays))

    def find_change(self, *, plain: bool = False) -> str:
        """The name of something that is another now, or "".

        Args:
            plain: look at plain numbers, texts and flags alone.
        """
        now = list(self._read())
        if [*map(len, self._views)] != self._lengths:
            if not plain:
                return next(name for name, now, then in self._measure() if now != then)
            # What stands in lists has moved; what stands before them has not.
            now = now[: len(self._getters) + len(self._cells)]
        for name, x, saved in zip(self._name_all(), now, self._saved, strict=False):
            if not _is_same(x, saved) and (not plain or isinstance(x, PLAIN)):
                return name
        if not plain:
            self._remember(now)
        return (
            "" if plain else next((a[2] for a in self._arrays if not _are_equal(a)), "")
        )

    @property
    def values(self) -> list[Value]:
        """The Values that were found."""
        return [x for x in self._saved if isinstance(x, Value)]

    def find_draw(self, is_known: Callable[[Any], bool] = lambda _: False) -> str:
        """The name of a random generator that has moved on, or "".

        Args:
            is_known: whether it is not to be looked at.
        """
        for rng, read_state, then, name in self._generators:
            if not is_known(rng) and repr(read_state()) != then:
                return name
        return ""

    def _is_untouched(self) -> bool:
        """Whether every place holds the very object that it held."""
        return _are_same(self._read_lists(), self._then)

    def _remember(self, saved: list[Any]) -> None:
        """Keep what there is now."""
        self._saved = saved
        self._then: list[Sequence[Any]] = [*map(tuple, self._read_lists())]

    def _read_lists(self) -> list[Sequence[Any]]:
        """The same as `_read`, many places at a time: this is done at each call."""
        read: list[Sequence[Any]] = [reader() for reader in self._readers]
        return [*read, *map(list, self._sets), *self._fixed]

    def _make_readers(self) -> Iterator[Callable[[], Sequence[Any]]]:
        """What reads names and cells."""
        by_dict: dict[int, tuple[Any, list[str]]] = {}
        others = []
        for get, key, _ in self._getters:
            names = getattr(get, "__self__", None)
            if isinstance(names, dict):
                by_dict.setdefault(id(names), (names, []))[1].append(key)
            else:
                others.append((get, key))
        for names, keys in by_dict.values():
            known = [key for key in keys if key in names]
            yield _read_names(names, known, {*keys}.difference(known))
        if others:
            yield lambda: [get(key, _MISSING) for get, key in others]
        if self._cells:
            yield lambda: [_open_cell(cell) for cell, _ in self._cells]

    def _read(self) -> Iterator[Any]:
        named = [get(name, _MISSING) for get, name, _ in self._getters]
        cells = [_open_cell(cell) for cell, _ in self._cells]
        return chain(named, cells, chain.from_iterable(self._views))

    def _measure(self) -> Iterator[tuple[str, int, int]]:
        """The name of each list, its length, and what that was."""
        lengths = iter(self._lengths)
        for items, name in self._lists:
            yield name, len(items), next(lengths)
            if isinstance(items, dict):
                next(lengths)

    def _name_all(self) -> Iterator[str]:
        yield from (name for *_, name in self._getters)
        yield from (name for _, name in self._cells)
        for items, name in self._lists:
            yield from [name] * len(list(_list_items(items)))

    # -- the walk --------------------------------------------------------------------

    def _walk(self) -> None:
        asked: set[tuple[int, str]] = set()
        while self._stack:
            while self._stack and len(self._seen) < MOST:
                thing, name = self._stack.pop()
                if id(thing) not in self._seen and not isinstance(
                    thing, (Value, *PLAIN)
                ):
                    self._seen[id(thing)] = thing
                    self._open(thing, name)
            self._stack.clear()
            for i, (thing, name) in enumerate(self._objects):
                for attribute in sorted(self._names):
                    if (i, attribute) not in asked:
                        asked.add((i, attribute))
                        self._look_up(thing, attribute, name)

    def _open(self, thing: Any, name: str) -> None:
        """Put what is in it on the stack."""
        if isinstance(thing, (list, tuple, set, frozenset, dict)):
            self._open_container(thing, name)
        elif isinstance(thing, FunctionType):
            self._open_function(thing, name)
        elif isinstance(thing, MethodType):
            self._stack += [(thing.__func__, name), (thing.__self__, name)]
        elif isinstance(thing, BuiltinFunctionType):
            self._stack.append((thing.__self__, name))
        elif isinstance(thing, partial):
            parts = (thing.func, thing.args, thing.keywords)
            self._stack += [(part, name) for part in parts]
        elif isinstance(thing, (staticmethod, classmethod)):
            self._stack.append((thing.__func__, name))
        elif isinstance(thing, (property, functools.cached_property)):
            get = thing.fget if isinstance(thing, property) else thing.func
            self._stack.append((get, name))
        elif isinstance(thing, (ModuleType, type)):
            self._objects.append((thing, name))
        elif hasattr(thing, "dtype") and hasattr(thing, "tobytes"):
            if thing.size <= MOST:
                self._arrays.append((thing, thing.copy(), name))
        else:
            self._open_object(thing, name)

    def _open_container(self, thing: Any, name: str) -> None:
        if len(thing) > MOST:
            return
        self._lists.append((thing, name))
        self._stack += [(item, name) for item in _list_items(thing)]

    def _open_function(self, f: FunctionType, name: str) -> None:
        file = f.__code__.co_filename
        if not (file.startswith(PACKAGE) or is_library(file)):
            places, attributes = _find_names(f.__code__)
            self._names |= attributes
            for place in places:
                self._add(f.__globals__.get, place, place)
        cells = zip(f.__code__.co_freevars, f.__closure__ or (), strict=True)
        for place, cell in cells:
            self._cells.append((cell, place))
            self._stack.append((_open_cell(cell), place))
        self._stack += [(f.__defaults__, name), (f.__kwdefaults__, name)]

    def _open_object(self, thing: Any, name: str) -> None:
        """An object, by the names that are used; a layer of the engine as a whole."""
        generator = _find_state(thing)
        if generator is not None:
            self._generators.append((thing, generator, repr(generator()), name))
        elif not type(thing).__module__.startswith("engine"):
            self._objects.append((thing, name))
            self._names.update(_IMPLICIT)
        elif hasattr(thing, "named_parameters"):
            self._open_container(vars(thing), name)
        elif hasattr(thing, "specializations"):  # what jit gives
            self._stack.append((thing.f, name))
        elif isinstance(thing, CustomFunction):
            self._stack += [(thing.f, name), (thing.rule, name)]

    def _look_up(self, thing: Any, attribute: str, name: str) -> None:
        """The attribute where it is: in the object, its slots, or its classes."""
        path = f"{name}.{attribute}"
        if hasattr(thing, "__dict__"):
            known = vars(thing)
            if isinstance(thing, (ModuleType, type)):
                if attribute in known:
                    self._add(known.get, attribute, path)
                return
            self._add(known.get, attribute, path)
        for kind in type(thing).__mro__:
            found = vars(kind).get(attribute, _MISSING)
            if type(found).__name__ == "member_descriptor":
                self._add(partial(getattr, thing), attribute, path)
            elif found is not _MISSING and not is_builtin(kind):
                self._add(vars(kind).get, attribute, path)

    def _add(self, get: Callable[[str, Any], Any], key: str, name: str) -> None:
        self._getters.append((get, key, name))
        self._stack.append((get(key, None), name))


def _read_names(
    names: dict[str, Any], known: list[str], missing: set[str]
) -> Callable[[], Sequence[Any]]:
    """What reads these names of a dict, and sees that the others are still missing."""
    find = itemgetter(*known, *known[:1]) if known else lambda _: ()

    def read() -> Sequence[Any]:
        try:
            return find(names) if names.keys().isdisjoint(missing) else (_MISSING,)
        except KeyError:
            return (_MISSING,)

    return read


def _is_list(x: Any) -> bool:
    return type(x) in (list, tuple)


def _are_all_same(some: list[Sequence[Any]], others: list[Sequence[Any]]) -> bool:
    return [*map(len, some)] == [*map(len, others)] and all(
        map(is_, chain.from_iterable(some), chain.from_iterable(others))
    )


_are_same = core.are_same if core is not None else _are_all_same
"""Whether the lists in one list hold the very same objects as those in another."""


def is_builtin(kind: type) -> bool:
    """Whether a class is of Python or the engine, and does not change."""
    return kind.__module__ in ("builtins", "abc") or kind.__module__.startswith(
        "engine"
    )


def _find_state(thing: Any) -> Callable[[], Any] | None:
    """What gives the state of a random generator; None for another object."""
    if isinstance(thing, random.Random):
        return thing.getstate
    if not type(thing).__module__.startswith("numpy.random"):
        return None
    if hasattr(thing, "bit_generator"):
        return lambda: thing.bit_generator.state
    return getattr(thing, "get_state", None)


@lru_cache(maxsize=1024)
def _find_names(code: CodeType) -> tuple[list[str], set[str]]:
    """The globals and the attributes that a function names, and those within it."""
    places, attributes = {}, set()
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            places[step.argval] = True
        elif step.opname in ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR"):
            attributes.add(step.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            more, others = _find_names(constant)
            places.update(dict.fromkeys(more, True))
            attributes |= others
    return list(places), attributes


def _open_cell(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # nothing is in it yet
        return _MISSING


def _list_items(items: Any) -> Any:
    return chain(items, items.values()) if isinstance(items, dict) else items


def _is_same(x: Any, then: Any) -> bool:
    """The same object, or an equal number or text."""
    if x is then:
        return True
    return type(x) is type(then) and isinstance(x, PLAIN) and repr(x) == repr(then)


def _are_equal(array: tuple[Any, Any, str]) -> bool:
    now, then, _ = array
    if now.dtype == object:
        return now.shape == then.shape and all(map(is_, now.flat, then.flat))
    return now.shape == then.shape and bool(now.tobytes() == then.tobytes())
