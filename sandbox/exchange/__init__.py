"""The exchange, simulated: a process of its own that speaks Kraken's REST contract, and the price feeds beside it.

The venue's book is durable and exact: amounts are whole numbers of each asset's smallest unit, prices are Decimal. The
prices are a function of a seed and the time, so that any past moment can be asked for. What knobs bend is what a feed
tells; trades are made at what is so.
Floors, top to bottom: __main__, factory, (public, private, luno, gecko, bank, control), (doors, spoken, statements),
(orders, funding, history), matching, ledger, prices, (knobs, feeds), book, and at the bottom what knows nobody:
schema, listed, walk, signing, answers, settings.
"""
