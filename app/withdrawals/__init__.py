"""Money out: request, approval by others, payout, settlement or release.

It owns `withdrawals`, their approvals, checks and claims, and what was refused at the door.

Promise: what a customer asked for is held from the moment they asked; nothing is sent that was not approved as it
stands, by operators who are not its owner; every withdrawal ends paid, or with the money back.
"""
