"""Candidates' data: erased, exported, kept no longer than it is needed."""
