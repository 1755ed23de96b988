"""From a diagram to DOT: a pure function, the same text for equal graphs."""
