"""The ways money comes in that cross the world: one-off accounts, USSD, kept cards, account numbers, lost news."""
