"""What people look at: the queue, the days, who waits for somebody, one loop with all that belongs to it."""
