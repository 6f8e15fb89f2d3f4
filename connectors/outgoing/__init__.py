"""What is sent to programs that others named: signed, to public addresses alone."""
