"""Sacred's names on top of expframe."""
