"""Supervision (催办、督办、挂牌督办): follow-up on a unit's own acts, in three rungs (SPEC M17, U8; domain ruling 10).

models   a step of the ladder: ground, date, addressee, demand, answer due, end
demands  what a unit may never be asked for
steps    a step opened with its task and clock, finished and ended with them
handle   urge, supervise, list, answer, end, extend
climb    what the clocks do by themselves: from a passed limit to supervision, and no further
moves    the actions that a domain takes into its declaration
"""
