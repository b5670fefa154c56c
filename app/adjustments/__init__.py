"""Manual journals: what finance asks for by hand and others agree to. It owns no table: governance does.

Promise: nothing typed by hand reaches the books on one person's word; what was agreed to is what is booked, to the
letter, once.
"""
