"""The ground: what needs neither a database nor Django, and is proved by itself.

time      calendar · stops · clocks · limits (data/limits.csv) · lights: time limits under the law (SPEC 3)
signs     numbers · identity · codes (data/codes): numbers with check digits, id numbers, keys of the public contract
words     tokens · likeness · personal · masking: exact search, likeness of texts, personal data in them and its masks
files     durable: on the disk whole or not at all
refusals  refusals · unreadable · sentences: what is not done, each with a code and one sentence
"""
