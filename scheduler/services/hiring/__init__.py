"""A candidate reaches a stage in a hiring system: heard, read, acted on once, written back."""
