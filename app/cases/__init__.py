"""What stands still for too long, or went wrong in a way that people must see: each with an owner and a way out.

It owns `cases` and `case_notes`. Promise: there is one open case for a subject and a kind, what stands still closes its
case by moving on, and none is forgotten: what nobody closes within a day is raised.
"""
