"""What payers take back: disputes of charges as Paystack tells of them. It owns `disputes`.

Promise: a dispute is written down once and shown until it has an end; what it is about is held of the customer's money
while it lasts; what was lost is booked once, and what the customer did not have any more they owe.
"""
