"""Figures as they are read: the same number for every reader (engineering ruling 11)."""
