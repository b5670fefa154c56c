-- Attempts to pay out, and the switches that stop them.

SELECT 1;
