"""Loop templates: the built-in ones, and those that a company writes itself."""

from scheduler.services.company.templates.library import built_in_templates

__all__ = ["built_in_templates"]
