"""What a customer may do, and how much of it: tiers' limits as dated data, checked before any money moves.

Owns `limits` and `limit_uses`. A command that moves money asks here first and says afterwards when nothing came of it.
"""
