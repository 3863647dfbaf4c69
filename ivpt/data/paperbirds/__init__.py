"""Birds cut from paper: the embedded data set, drawn by code with exact part masks."""
