"""Derivatives of functions: transforms, on forward and reverse mode."""
