"""Work that needs the model, in a process of its own, for programs that must not load it."""
