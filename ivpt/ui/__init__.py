"""The terminal interface; Textual is imported only below this package."""
