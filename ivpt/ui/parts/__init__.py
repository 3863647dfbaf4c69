"""The parts of a session, one per concern; none of them knows a widget."""
