"""What is done to loops beside the calls of one loop."""
