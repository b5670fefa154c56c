"""Customers pay one another: transfers, requests for money, bills that are split, and the handles they are found by.

It owns `handles`, `transfers`, `money_requests` and `splits`. Promise: what leaves the one is with the other in the
same journal, both sides' limits and restrictions hold, and who looks for somebody learns no more than a masked name.
"""
