"""What would help a loop without a plan: found, each shown by a plan, and heeded once it is granted."""
