"""Time, people, rooms and what is left of them, on the grid of starts."""
