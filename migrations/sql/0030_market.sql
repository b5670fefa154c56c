-- Prices in: feeds, ticks, candles, overrides, spreads.

SELECT 1;
