"""What a plugin sees: small abstract classes and frozen dataclasses, versioned. Nothing here imports torch."""
