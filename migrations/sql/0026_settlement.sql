-- Settlements of the vendor, partner fees as dated rows, top-ups of the float.

SELECT 1;
