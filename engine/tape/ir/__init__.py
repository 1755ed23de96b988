"""The tape as data: recorded by running a function, shortened by passes."""
