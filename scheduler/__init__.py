"""The app: plans, books and repairs interview loops."""
