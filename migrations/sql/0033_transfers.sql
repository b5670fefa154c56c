-- Customer to customer: transfers, requests for money.

SELECT 1;
