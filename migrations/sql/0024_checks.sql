-- What every withdrawal is checked for, and the thresholds as dated rows.

SELECT 1;
