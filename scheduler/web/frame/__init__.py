"""What every page shares: who looks, words, clocks, forms, templates, the sheet and the modules."""
