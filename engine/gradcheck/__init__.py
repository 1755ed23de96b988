"""Gradient check: the engine's derivatives beside numerical differentiation."""
