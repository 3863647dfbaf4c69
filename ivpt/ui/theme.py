"""The explorer's own colours; ``ctrl+p`` offers those of Textual too."""

from textual.theme import Theme

THEME = Theme(
    name="ivpt",
    primary="#56b4e9",
    secondary="#cc79a7",
    accent="#e69f00",
    foreground="#d8dee9",
    background="#0e1116",
    surface="#12161d",
    panel="#1b212b",
    boost="#273142",
    success="#2fbf8f",
    warning="#f0e442",
    error="#ff6b4a",
    dark=True,
)
