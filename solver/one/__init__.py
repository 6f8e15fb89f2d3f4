"""One loop to proof: relax, search the rows that are left, staff them."""
