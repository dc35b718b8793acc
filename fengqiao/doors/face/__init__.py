"""The face: what every page is made of. Tokens, shells, components and words; it knows no matter."""
