"""What replays a tape: generated Python, NumPy arrays, compiled loops."""
