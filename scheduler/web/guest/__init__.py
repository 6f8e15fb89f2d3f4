"""The frame of pages that are opened by a link, without sign-in."""
