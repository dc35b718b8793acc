"""Lists of matters and tasks as every door shows them: newest first, found by words, due next."""
