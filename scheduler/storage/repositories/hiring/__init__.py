"""What is asked of the tables of hiring systems."""
