"""Backpropagation step by step: frames as data, and films of them."""
