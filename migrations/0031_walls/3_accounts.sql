-- Whoever makes an account says by what it is entered. Later a way into it is changed by the session of its own person.
-- Whoever first proves an address may drop a password that a stranger chose, and one that was chosen at sign-up is taken
-- once the address is proved. What somebody proves to be theirs may leave the empty account that it entered. Accounts are closed and opened by those who administer people, never by themselves.

-- Whether the claim link of a person was used up in this very transaction.
CREATE FUNCTION app_claimed(whose bigint) RETURNS boolean STABLE SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RETURN EXISTS (SELECT FROM links l JOIN persons p ON p.reference = l.subject
    WHERE p.id = whose AND l.purpose IN ('claim', 'claim_phone') AND l.token_hash = ANY (app_presented())
      AND l.used_at IS NOT NULL AND l.xmin = pg_current_xact_id()::xid);
END $$;

-- Whether a code was typed or a link used in this very transaction, or a proof is kept that waits for an answer.
CREATE FUNCTION app_proves() RETURNS boolean STABLE SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RETURN EXISTS (SELECT FROM sign_in_codes WHERE token_hash = ANY (app_presented())
      AND (used_at IS NOT NULL AND xmin = pg_current_xact_id()::xid OR used_at IS NULL AND code_hash = ''))
    OR EXISTS (SELECT FROM links WHERE token_hash = ANY (app_presented())
      AND used_at IS NOT NULL AND xmin = pg_current_xact_id()::xid);
END $$;

CREATE FUNCTION app_accounts() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  own boolean;
  proves boolean;
  proved boolean;
BEGIN
  IF NOT app_is_walled() THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'INSERT' OR EXISTS (SELECT FROM accounts WHERE id = OLD.id AND xmin = pg_current_xact_id()::xid) THEN
    IF NEW.suspended_at IS NOT NULL THEN
      RAISE EXCEPTION 'a new account is open' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
  END IF;
  own := coalesce(OLD.id = app_account(), false);
  -- Somebody proved the address or the number that enters it.
  proves := app_proves();
  proved := coalesce(OLD.email = ANY (app_presented()) OR OLD.phone_blind = ANY (app_presented()), false) AND proves;
  IF (NEW.id, NEW.reference, NEW.created_at) IS DISTINCT FROM (OLD.id, OLD.reference, OLD.created_at)
     OR NEW.password_hash IS DISTINCT FROM OLD.password_hash AND NOT own
        AND NOT (proved AND (NEW.password_hash IS NOT NULL OR NEW.email IS NULL
                             OR OLD.proved_at IS NULL AND NEW.proved_at IS NOT NULL))
     OR NEW.proved_at IS DISTINCT FROM OLD.proved_at AND NOT own AND NOT proved AND NEW.email IS NOT DISTINCT FROM OLD.email
     OR (NEW.email IS DISTINCT FROM OLD.email AND NOT own
         AND NOT (proves AND (OLD.email IS NULL AND NEW.email = ANY (app_presented())
                              OR NEW.email IS NULL AND OLD.email = ANY (app_presented()))))
     OR ((NEW.phone_blind, NEW.phone_sealed) IS DISTINCT FROM (OLD.phone_blind, OLD.phone_sealed) AND NOT own
         AND NOT (proves AND (OLD.phone_blind IS NULL AND NEW.phone_blind = ANY (app_presented())
                              OR NEW.phone_blind IS NULL AND NEW.phone_sealed IS NULL
                                 AND OLD.phone_blind = ANY (app_presented())))) THEN
    RAISE EXCEPTION 'the ways into an account are changed by its own session' USING ERRCODE = 'insufficient_privilege';
  END IF;
  -- An account moves to the person who bears the same address or number, or whose claim link is being used.
  IF NEW.person_id <> OLD.person_id AND NOT ((own OR proved) AND (
       app_claimed(NEW.person_id)
       OR EXISTS (SELECT FROM persons p WHERE p.id = NEW.person_id
                  AND (p.email = OLD.email OR p.phone_blind = OLD.phone_blind)))) THEN
    RAISE EXCEPTION 'an account stays whose it was' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NEW.suspended_at IS DISTINCT FROM OLD.suspended_at AND (own OR NOT app_manages_people()) THEN
    RAISE EXCEPTION 'this session may not close or open the account' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER app_accounts BEFORE INSERT OR UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION app_accounts();

-- Sessions and links are written once. What happens to them later is that they end.
CREATE FUNCTION app_sessions() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT app_is_walled() THEN
    RETURN NEW;
  END IF;
  IF NEW.expires_at > NEW.created_at + interval '14 days' THEN
    RAISE EXCEPTION 'a session lasts for 14 days at most' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.revoked_at IS NOT NULL OR EXISTS
       (SELECT FROM accounts WHERE id = NEW.account_id AND suspended_at IS NOT NULL) THEN
      RAISE EXCEPTION 'no session opens for a closed account' USING ERRCODE = 'insufficient_privilege';
    END IF;
  ELSIF (NEW.id, NEW.token_hash, NEW.account_id, NEW.created_at, NEW.shared)
        IS DISTINCT FROM (OLD.id, OLD.token_hash, OLD.account_id, OLD.created_at, OLD.shared)
        OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at) THEN
    RAISE EXCEPTION 'a session is only prolonged or ended' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER app_sessions BEFORE INSERT OR UPDATE ON sessions FOR EACH ROW EXECUTE FUNCTION app_sessions();

-- `spared` is the session of whoever ends the others, if it is theirs.
CREATE FUNCTION app_end_sessions(whose bigint, moment timestamptz, spared bigint) RETURNS bigint
  SECURITY DEFINER LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
  WITH ended AS (UPDATE sessions SET revoked_at = moment WHERE account_id = whose AND revoked_at IS NULL AND id IS DISTINCT FROM spared RETURNING 1)
  SELECT count(*) FROM ended
$$;

-- Whether anybody ever entered the account: who chooses its first password is told, and sees no session of it.
CREATE FUNCTION app_was_entered(whose bigint) RETURNS boolean STABLE SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN RETURN EXISTS (SELECT FROM sessions WHERE account_id = whose); END $$;

CREATE FUNCTION app_links() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF app_is_walled() AND (OLD.used_at IS NOT NULL OR to_jsonb(NEW) - 'used_at' <> to_jsonb(OLD) - 'used_at') THEN
    RAISE EXCEPTION 'a link is only used up' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER app_links BEFORE UPDATE ON links FOR EACH ROW EXECUTE FUNCTION app_links();

CREATE FUNCTION app_use_up_links(what text, whose text[], moment timestamptz) RETURNS bigint
  SECURITY DEFINER LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
  WITH ended AS (UPDATE links SET used_at = moment
                 WHERE purpose = what AND subject = ANY (whose) AND used_at IS NULL RETURNING 1)
  SELECT count(*) FROM ended
$$;

CREATE FUNCTION app_codes() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF app_is_walled() AND (NEW.tries < OLD.tries
     OR (OLD.used_at IS NOT NULL AND NEW.used_at IS DISTINCT FROM OLD.used_at)
     OR to_jsonb(NEW) - ARRAY['used_at', 'tries'] <> to_jsonb(OLD) - ARRAY['used_at', 'tries']) THEN
    RAISE EXCEPTION 'a code is only tried and used up' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER app_codes BEFORE UPDATE ON sign_in_codes FOR EACH ROW EXECUTE FUNCTION app_codes();
