"""What `viz.explore` is made of: scenes laid out, data to compute with, one page."""
