"""Reasons and fixes: why there is no plan, and which smallest changes would make one."""
