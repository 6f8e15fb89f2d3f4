"""A new loop: who comes, by which template, when they can, and what of it is unfinished."""
