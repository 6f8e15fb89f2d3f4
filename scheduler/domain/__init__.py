"""The words of interview scheduling as plain values: standard library only."""
