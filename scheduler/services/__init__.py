"""One folder per chapter of a loop's life."""
