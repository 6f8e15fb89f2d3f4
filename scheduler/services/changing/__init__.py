"""Loops changed by hand: tried first, with reasons and prices, then done exactly so."""
