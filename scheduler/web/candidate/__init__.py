"""The candidate's page: choose, give times, see what is booked."""
