"""An application on its way through the stages of its job."""
