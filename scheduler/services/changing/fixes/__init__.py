"""What would help a change by hand that is refused: found, each shown by a plan, and carried out."""
