"""Loops: the queue, looked through, and worked through many at once."""
