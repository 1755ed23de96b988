"""What a file of each format holds: images, data, text."""
