"""The page to play with: what it shows, where, and what it computes with."""
