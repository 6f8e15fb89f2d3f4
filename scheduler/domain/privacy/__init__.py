"""What is stored about whom, and how it is forgotten."""
