"""Candidates' data: erased and exported."""
