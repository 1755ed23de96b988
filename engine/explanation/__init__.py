"""Explanations: where a gradient comes from, why it is zero, why it is nan."""
