"""Routes for those who ask: who they are, and who may ask."""
