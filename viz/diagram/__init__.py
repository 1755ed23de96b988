"""A graph as plain data for a picture: whole, fused, collapsed or cropped."""
