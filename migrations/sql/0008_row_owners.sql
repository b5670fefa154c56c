-- The second wall: a customer's rows are seen and written by that customer and by who works for everyone. A transaction
-- that does not say for whom it works (bursar.owner) sees none. Tables with a customer_id have it by a test's order.

DO $$ DECLARE t text; BEGIN
    FOREACH t IN ARRAY ARRAY['wallets', 'bank_accounts', 'deposits', 'withdrawals'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY own_rows ON %I USING (current_setting(''bursar.owner'', true) IN (''*'', customer_id))', t);
    END LOOP;
END $$;
ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
ALTER TABLE customers FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON customers USING (current_setting('bursar.owner', true) IN ('*', id));
