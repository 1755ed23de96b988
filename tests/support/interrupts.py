"""Ctrl-C at every place in the engine where Python would handle it.

Python looks for signals when a function begins, after a call, and when a loop goes
round. A trace function counts these places in the engine's own code, and raises
KeyboardInterrupt at one of them.
"""

import contextlib
import dis
import gc
import linecache
import sys
import threading

import engine
from engine.graph import context, sweep
from engine.graph.callsite import PACKAGE

_PLACES = ("RESUME", "CALL", "CALL_FUNCTION", "CALL_METHOD", "CALL_FUNCTION_EX",
           "CALL_KW", "JUMP_BACKWARD", "JUMP_ABSOLUTE")  # fmt: skip
_CODES = {dis.opmap[name] for name in _PLACES if name in dis.opmap}


class _Places:
    """Counts the places that a run comes by, and raises at the one that is wanted."""

    def __init__(self, wanted):
        self.wanted, self.count = wanted, 0
        self.last = {}  # the last instruction in each frame

    def look_at(self, frame, offset):
        """Note an instruction that is about to run in a frame of the engine."""
        was = self.last.get(id(frame))
        self.last[id(frame)] = frame.f_code.co_code[offset]
        if was in _CODES:
            self.count += 1
            return self.count == self.wanted
        return False


def run_until(place, run):
    """Run it, with Ctrl-C at this place, counted from 1; whether it was reached."""
    watch = _monitored if hasattr(sys, "monitoring") else _traced
    gc.disable()  # it would come at a place that changes from run to run
    try:
        with watch(_Places(place)):
            run()
    except KeyboardInterrupt:
        return True
    finally:
        gc.enable()
    return False


@contextlib.contextmanager
def _traced(places):
    def trace(frame, _event, _):
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        places.last[id(frame)] = None

        def trace_frame(frame, event, _):
            if event == "opcode" and places.look_at(frame, frame.f_lasti):
                sys.settrace(None)
                raise KeyboardInterrupt
            return trace_frame

        return trace_frame

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


@contextlib.contextmanager
def _monitored(places):
    """The same from Python 3.12 on, where not every opcode reaches a trace function."""
    monitoring = sys.monitoring
    tool, events = monitoring.DEBUGGER_ID, monitoring.events
    thread = threading.get_ident()

    def start(code, _offset):
        if not code.co_filename.startswith(PACKAGE):
            return monitoring.DISABLE
        places.last[id(sys._getframe(1))] = None
        return None

    def step(code, offset):
        if not code.co_filename.startswith(PACKAGE):
            return monitoring.DISABLE
        here = threading.get_ident() == thread  # which alone gets signals
        if here and places.look_at(sys._getframe(1), offset):
            monitoring.set_events(tool, 0)
            raise KeyboardInterrupt
        return None

    monitoring.use_tool_id(tool, "interrupts")
    try:
        monitoring.register_callback(tool, events.PY_START, start)
        monitoring.register_callback(tool, events.INSTRUCTION, step)
        monitoring.set_events(tool, events.PY_START | events.INSTRUCTION)
        yield
    finally:
        monitoring.set_events(tool, 0)
        monitoring.free_tool_id(tool)


def count_places(run):
    """How many places there are in a run."""

    def reaches(place):
        reached = run_until(place, run)
        gc.collect()  # blocks that were cut off may lie in circles, still open
        return reached

    low, high = 0, 1
    while reaches(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if reaches(middle) else (low, middle)
    return low


def look():
    """What the engine holds beside Values."""
    return {
        "contexts": context.current(),
        "blocks": len(context.active),
        "recorders": list(context.recorders),
        "watchers": list(context.watchers),
        "rows": dict(engine.TABLE),
        "gradients locked": sweep._changing_gradients.locked(),
        "sources": sum(name.startswith("<tape") for name in linecache.cache),
        "threads": threading.active_count(),
    }
