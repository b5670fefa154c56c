"""The work on breaks: whose each is, what was found, and how it ends: linked, booked, written off or accepted.

It owns the tables `break_*`. Promise: whatever is done about a break, told less booked stays the
sum of the open breaks; nothing is booked or accepted on one person's word; the trail of a break outlives every run.
"""
