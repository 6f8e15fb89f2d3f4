"""Why a loop has no plan, and what would help, in order of effort."""
