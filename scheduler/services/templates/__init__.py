"""Loop templates: the built-in ones, and a template made ready for one loop."""

from scheduler.services.templates.library import built_in_templates
from scheduler.services.templates.preparing import InterviewChange, prepare

__all__ = ["InterviewChange", "built_in_templates", "prepare"]
