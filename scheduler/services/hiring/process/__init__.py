"""An application on its way through the stages of its job: where it stands, who decides, what counts."""
