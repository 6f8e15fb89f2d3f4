"""After booking: answers, conflicts and pushes are heard, and what breaks is mended."""
