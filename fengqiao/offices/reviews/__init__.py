"""Good and bad reviews (好差评): one a telling, five grades, never traceable by the reviewed (SPEC M17, U6, A23).

A review touches nothing of its matter: no event, task, clock, message or version of it changes, so that history,
lists, counts and lights look as before. Its rows are read by another unit's desk alone; row-level security holds that.

models   the review, the monthly comment, the appeal
give     one review a telling, and the second one beside the first
desk     the other unit calls back, has it put right, decides appeals
sheet    what the reviewed unit gets: five comments or more, a month, shuffled
figures  K-511 from the day-stream of reviews
"""
