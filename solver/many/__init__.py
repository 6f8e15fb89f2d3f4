"""Batches: many loops that compete for people and rooms."""
