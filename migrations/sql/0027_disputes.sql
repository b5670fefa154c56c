-- Refunds and disputes as events of the rail.

SELECT 1;
