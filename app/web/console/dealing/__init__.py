"""Doors of dealing: customers' orders, our position and its hedges, deals over the counter, profit and loss."""
