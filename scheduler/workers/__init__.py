"""Durable jobs: what runs them, and what each one does."""
