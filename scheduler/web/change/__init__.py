"""A loop changed by hand: tried on a week, then done exactly so."""
