"""Knowledge (知识库): answers that a call can be answered from on the spot (SPEC M05, M18; engineering ruling 24).

models   the item, its versions that never change, the unit's duty to look again
library  draft, check of the law, publish, withdraw; search; the version that was read out
duties   a year passed, an answer expired, a law changed: the unit gets its review task
starter  items to begin with
"""
