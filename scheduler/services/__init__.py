"""One file per chapter of a loop's life."""
