"""Values in notebooks: pictures by themselves, and widgets with sliders."""
