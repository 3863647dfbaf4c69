"""The screens of the explorer, each imported when it is first shown."""
