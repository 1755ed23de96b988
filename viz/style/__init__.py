"""How a picture looks, as data: themes, styles, options, pens, words."""
