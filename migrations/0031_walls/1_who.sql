-- Whoever acts is known by the hash of their session's token, which the application says in `app.session`, and signs.
-- `app.presented` has what somebody showed that only they can know: hashes of the tokens of links and codes, blind
-- indexes, random references, an address that a code proved.
-- See docs/decisions/0017. Days and expiry are not asked here: the application's clock may stand still.
-- What is called in nearly each statement is plpgsql, whose plans are kept as long as the connection.

CREATE FUNCTION app_is_walled() RETURNS boolean STABLE LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS
$$ BEGIN RETURN NOT (rolsuper OR rolbypassrls) FROM pg_roles WHERE rolname = session_user; END $$;

CREATE FUNCTION app_account() RETURNS bigint STABLE PARALLEL SAFE SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN RETURN s.account_id FROM sessions s JOIN accounts a ON a.id = s.account_id
   WHERE s.token_hash = app_session() AND s.revoked_at IS NULL AND a.suspended_at IS NULL; END $$;

CREATE FUNCTION app_myself() RETURNS bigint STABLE PARALLEL SAFE SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN RETURN person_id FROM accounts WHERE id = app_account(); END $$;

CREATE FUNCTION app_known_account() RETURNS bigint STABLE PARALLEL SAFE SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN RETURN account_id FROM sessions WHERE token_hash = app_session(); END $$;

CREATE FUNCTION app_manages_people() RETURNS boolean STABLE PARALLEL SAFE SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN RETURN EXISTS (SELECT FROM grants WHERE account_id = app_account() AND revoked_at IS NULL
   AND role IN ('programme_administrator', 'system_administrator')); END $$;

-- The people of whom somebody showed an address, a number or a reference, the accounts that these enter, and whoever
-- is replaced by an invitation that was shown.
CREATE FUNCTION app_known_persons() RETURNS bigint[] STABLE PARALLEL SAFE SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  shown text[] := app_presented();
BEGIN
  IF shown IS NULL THEN
    RETURN NULL;
  END IF;
  RETURN ARRAY(
    SELECT id FROM persons WHERE reference = ANY (shown) UNION
    SELECT id FROM persons WHERE email = ANY (shown) UNION
    SELECT id FROM persons WHERE phone_blind = ANY (shown) UNION
    SELECT person_id FROM identifiers WHERE blind = ANY (shown) UNION
    SELECT person_id FROM accounts WHERE reference = ANY (shown) UNION
    SELECT person_id FROM accounts WHERE email = ANY (shown) UNION
    SELECT person_id FROM accounts WHERE phone_blind = ANY (shown) UNION
    SELECT a.person_id FROM invitations i JOIN grants g ON g.id = i.replaces_id JOIN accounts a ON a.id = g.account_id
    WHERE i.reference = ANY (shown));
END $$;

CREATE FUNCTION app_known_accounts() RETURNS bigint[] STABLE PARALLEL SAFE SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  known bigint[] := app_known_persons();
BEGIN
  RETURN CASE WHEN known IS NOT NULL THEN ARRAY(SELECT id FROM accounts WHERE person_id = ANY (known)) END;
END $$;

CREATE FUNCTION app_stays() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF app_is_walled() THEN
    RAISE EXCEPTION 'the application does not delete from %', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION app_stays_without_tenant() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF app_is_walled() AND app_institutions() IS NULL THEN
    RAISE EXCEPTION 'nothing is deleted from % without an institution', TG_TABLE_NAME
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NULL;
END $$;
