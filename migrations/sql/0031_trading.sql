-- Quotes, orders, recurring orders and price alerts.

SELECT 1;
