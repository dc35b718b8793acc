"""Letters: the outbox. What was written with a change leaves after it, at least once, with a stable id."""
