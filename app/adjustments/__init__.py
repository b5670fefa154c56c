"""Manual journals: asked for by one person, booked by another. It owns `journal_requests`.

Promise: nothing typed by hand reaches the books on one person's word; what was approved is what is booked, to the
letter, and a request is kept however it ended.
"""
