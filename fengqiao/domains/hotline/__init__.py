"""Hotline orders (12345, 政民e线, 绍兴E网): SPEC M05. Read `domain` first, then the steps in their order.

intake   a call, form or message becomes an order at the desk; organs that it names do not get it
route    dispatch to one lead unit, others assist; a wrong order comes back and the office's ruling binds
handle   taken, worked on, extended once with an explanation, done again when it was not done
reply    the answer to each caller, on the spot from the knowledge base or by the unit; the call back
archive  closed, filed, forgotten after its term
analyse  the figures K-301
"""
