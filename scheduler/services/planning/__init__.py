"""From what is known to plans on offer: gathered, encoded, solved, told in names and dates."""
