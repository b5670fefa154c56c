"""Statement files into lines, pure: bytes in, movements out. It owns no table and speaks to nobody.

Promise: every row of a file is a line, is ignored for a reason or is rejected for a reason; a file that cannot be read
is refused whole, with the row and the column. Amounts are exact decimals in whole coins (naira, bitcoin), never floats.
"""
