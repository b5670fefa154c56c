"""What banks, vendors and venues tell of the accounts that they keep for us, line by line.

Promise: every row of a file is a line, or ignored or rejected with a reason, and counted; a file that cannot be read
leaves nothing behind; what is told twice is kept once, real twins are both kept, and what is told otherwise than before
changes nothing and is seen. It owns sources and their accounts, imports, lines, and rows that are none.
"""
