"""What knows nothing of derivatives: numbers, files, progress bars."""
