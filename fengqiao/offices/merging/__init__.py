"""Merging: several tellings read as one matter, and taken apart again; links between matters."""
