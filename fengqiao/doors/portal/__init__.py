"""The residents' portal: tell a matter, keep the receipt, see how it goes. Every page works without scripts.

pages     the first page, large and simple, your rights, your data
tell      telling it, in two steps and a read-back; forms, filing beside it
receipt   number, query code, QR; held by a signed ticket of a few minutes, never by the address
progress  asking by query code and proof, adding, urging, taking back, saying how it went; status beside it
throttle  five wrong tries a code, then a quarter of an hour, whether the code exists or not (A9)
tickets   the signed cookies: which device, which receipt, which matter is open
"""
