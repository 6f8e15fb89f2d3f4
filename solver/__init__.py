"""Packs interview loops: minutes and ids in, minutes and ids out."""
