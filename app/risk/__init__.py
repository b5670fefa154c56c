"""What a customer may do, how much of it, and what it costs: limits and fees as dated data, asked before money moves.

Owns `limits`, `limit_uses` and `fees`. A command that moves money asks here first and says afterwards when nothing came
of it. Money that came is never refused: it counts, and what it is over is written down.
"""
