"""What stands still for too long, or went wrong in a way that people must see: each with an owner and a way out.

It owns `cases`. Promise: there is one open case for a subject and a kind, it closes by itself when that moves on,
and none is forgotten: what nobody closes within a day is raised.
"""
