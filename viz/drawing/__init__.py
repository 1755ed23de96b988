"""From a Value to a picture: what is drawn, in which form, and how."""
