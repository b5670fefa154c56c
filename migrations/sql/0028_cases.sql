-- Cases: what stood still for too long, with an owner and an exit.

SELECT 1;
