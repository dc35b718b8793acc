"""Import of tables (xlsx, csv, jsonl) through the kernel's one intake, in batches (engineering ruling 13).

tables    a file becomes a heading and rows; what is no table is refused with a sentence
mapping   which of their columns is which of our fields
dates     the instants people write in tables
rows      a row becomes a receipt, or is given back with what is wrong with it
reports   what came in and what did not; files with personal data live seven days
run       the dry run, the batches, the job that can be stopped and taken up again
"""
