"""What is stored of a candidate, and how it leaves the tables."""
