-- Our own position at venues: hedges, fills, venue balances.

SELECT 1;
