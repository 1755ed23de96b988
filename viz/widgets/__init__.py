"""What `viz.widget` is made of: sliders, what they move, and the widget itself."""
