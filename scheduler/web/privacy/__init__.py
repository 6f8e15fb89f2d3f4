"""What is stored about whom; a candidate is erased or exported."""
