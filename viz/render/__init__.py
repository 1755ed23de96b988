"""From DOT to an image, by whatever program is there."""
