"""The same rules once more as a constraint model. Nothing else in the house knows CP-SAT."""
