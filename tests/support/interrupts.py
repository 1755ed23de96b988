"""Ctrl-C at every place in the engine where Python would handle it.

Python looks for signals when a function begins, after a call, and when a loop goes
round. A trace function counts these places in the engine's own code, and raises
KeyboardInterrupt at one of them.
"""

import dis
import linecache
import sys
import threading

import engine
from engine.graph import context, sweep
from engine.graph.callsite import PACKAGE

_PLACES = ("RESUME", "CALL", "CALL_FUNCTION", "CALL_METHOD", "CALL_FUNCTION_EX",
           "CALL_KW", "JUMP_BACKWARD", "JUMP_ABSOLUTE")  # fmt: skip
_CODES = {dis.opmap[name] for name in _PLACES if name in dis.opmap}


def run_until(place, run):
    """Run it, with Ctrl-C at this place, counted from 1; whether it was reached."""
    count = 0

    def trace(frame, _event, _):
        nonlocal count
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        last = None

        def trace_frame(frame, event, _):
            nonlocal count, last
            if event == "opcode":
                was, last = last, frame.f_code.co_code[frame.f_lasti]
                count += was in _CODES
                if count == place and was in _CODES:
                    sys.settrace(None)
                    raise KeyboardInterrupt
            return trace_frame

        return trace_frame

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def count_places(run):
    """How many places there are in a run."""
    low, high = 0, 1
    while run_until(high, run):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if run_until(middle, run) else (low, middle)
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
