-- Rows that opened something for a short while, and no longer do: the application may have them forgotten, and no others.
-- It cannot delete by itself; this function decides by the server's clock what is spent.

-- At most so many of each kind at a time: how many rows went.
CREATE FUNCTION forget_spent(p_most integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_total bigint := 0; v_some bigint;
BEGIN
    DELETE FROM passkey_challenges WHERE id IN (
        SELECT id FROM passkey_challenges WHERE expires_at < now() - interval '1 day' LIMIT p_most);
    GET DIAGNOSTICS v_some = ROW_COUNT; v_total := v_total + v_some;
    -- (a week, so that the limits of a day can be counted; nobody's code is never spent)
    DELETE FROM codes WHERE id IN (SELECT id FROM codes WHERE expires_at < now() - interval '7 days' LIMIT p_most);
    GET DIAGNOSTICS v_some = ROW_COUNT; v_total := v_total + v_some;
    DELETE FROM password_resets WHERE id IN (
        SELECT id FROM password_resets WHERE expires_at < now() - interval '7 days' LIMIT p_most);
    GET DIAGNOSTICS v_some = ROW_COUNT; v_total := v_total + v_some;
    -- An app that nobody finished setting up: its secret opens nothing and was seen.
    DELETE FROM totp_apps WHERE id IN (
        SELECT id FROM totp_apps WHERE confirmed_at IS NULL AND created_at < now() - interval '1 day' LIMIT p_most);
    GET DIAGNOSTICS v_some = ROW_COUNT;
    RETURN v_total + v_some;
END $$;
REVOKE EXECUTE ON FUNCTION forget_spent FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_spent TO bursar_app;
