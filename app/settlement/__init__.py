"""What Paystack owes us and pays us, what it costs, and the float that transfers are paid from.

Promise: every charge that Paystack took is settled once or shown as owed; what came to our bank is booked with what was
kept of it; a fee that is not what was agreed is seen. It owns settlements and their charges, what is late, partner
fees, readings of the float, and top-ups.
"""
