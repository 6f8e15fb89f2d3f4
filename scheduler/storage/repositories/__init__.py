"""One repository per noun: what is asked of the tables, and what is written to them."""
