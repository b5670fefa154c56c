"""Prices in: what feeds tell, and the price that is made of it.

Promise: no price is made of what is old, nought, far from what the others say, or told by one alone; each says how old
the oldest number in it is and whose word counted. It owns tables `feeds`, `pairs`, `feed_pairs`, `feed_answers`,
`ticks`, `pair_prices` and `candles`. What is dealt at is the room of pricing, above.
"""
