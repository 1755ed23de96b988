"""Training: optimizers, their schedules, and the loop with all that surrounds it."""
