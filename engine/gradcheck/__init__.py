"""Gradient check: the engine's derivatives beside numerical differentiation."""

from engine.gradcheck.check import GradientRow, GradientTable

__all__ = ["GradientRow", "GradientTable"]
