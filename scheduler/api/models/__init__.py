"""What the API reads and answers, as pydantic models."""
