"""An operation as data, and formulas: below the graph, nothing here knows a Value."""
