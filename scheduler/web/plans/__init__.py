"""The plans of a loop side by side, as a grid of days with the candidate, people and rooms as columns."""
