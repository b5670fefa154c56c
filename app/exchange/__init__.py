"""Our own position: what we hold in each asset beyond what we owe, what it cost, and the orders that bring it back.

Promise: a position never changes unseen; one order at a time answers it per asset, is written down before the venue
hears of it, and is never sent twice; what came of it is booked fill by fill. It owns hedges and their fills, the
policies they follow, deals over the counter, and readings of what venues hold for us.
"""
