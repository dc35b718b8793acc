"""The REST door: everything a staff post may do, for programs (BLUEPRINT 4). Read in this order.

urls        every address, and the problem for those that are none
api         the API object: who comes in, how refusals leave
schemas     what goes in and out, as the description shows it
intake      POST /matters
listing     GET /matters
matters     one matter and what hangs on it
actions     what may be done now, and doing it
desk        the worklist, places, codes, figures
progress    the one address without a token
description the OpenAPI document: one body for each kind and action; the page that lists it
"""
