-- Whoever makes an account says by what it is entered. Later a way into it is changed by the session of its own person.
-- Whoever first proves an address may drop a password that a stranger chose, and one that was chosen at sign-up is taken
-- once the address is proved. What somebody proves to be theirs may leave the empty account that it entered. Accounts are closed and opened by those who administer people, never by themselves.

-- Whether the claim link of a person was used up in this very transaction.
CREATE FUNCTION app_claimed(whose bigint) RETURNS boolean STABLE SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RETURN EXISTS (SELECT FROM links l JOIN persons p ON p.reference = l.subject
    WHERE p.id = whose AND l.purpose IN ('claim', 'claim_phone') AND l.token_hash = ANY (app_presented())
      AND l.used_at IS NOT NULL AND l.xmin = pg_current_xact_id()::xid
      AND app_bears(l.signature, 'links', 'used', l.token_hash, app_moment(l.used_at), l.proves));
END $$;

-- Whether a code or link that the application found right in this very transaction proves this address or the number
-- of this blind index, or a proof of it is kept that waits for an answer.
CREATE FUNCTION app_proves(address text) RETURNS boolean STABLE SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RETURN address IS NOT NULL AND (
    EXISTS (SELECT FROM sign_in_codes c WHERE token_hash = ANY (app_presented())
      AND (used_at IS NULL AND code_hash = '' OR xmin = pg_current_xact_id()::xid
           AND app_bears(signature, 'sign_in_codes', 'used', token_hash, app_moment(used_at), c.proves))
      AND app_bears(c.proves, 'proves', token_hash, address))
    OR EXISTS (SELECT FROM links l WHERE token_hash = ANY (app_presented())
      AND used_at IS NOT NULL AND xmin = pg_current_xact_id()::xid
      AND app_bears(signature, 'links', 'used', token_hash, app_moment(used_at), l.proves)
      AND app_bears(l.proves, 'proves', token_hash, address)));
END $$;

-- Whether somebody proved an address or a number that this person bears, or used their claim link.
CREATE FUNCTION app_comes(whose bigint) RETURNS boolean STABLE SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RETURN app_claimed(whose)
    OR EXISTS (SELECT FROM persons p WHERE p.id = whose AND (app_proves(p.email) OR app_proves(p.phone_blind)));
END $$;

CREATE FUNCTION app_account_begins() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT app_is_walled() THEN
    RETURN NEW;
  END IF;
  IF NEW.suspended_at IS NOT NULL THEN
    RAISE EXCEPTION 'a new account is open' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NOT app_comes(NEW.person_id) OR NOT (NEW.email IS NULL OR app_proves(NEW.email))
     OR NOT (NEW.phone_blind IS NULL OR app_proves(NEW.phone_blind)) THEN
    RAISE EXCEPTION 'an account is made for whoever proves what its person bears'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER app_account_begins BEFORE INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION app_account_begins();

CREATE FUNCTION app_accounts() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  own boolean;
  proved boolean;
BEGIN
  IF NOT app_is_walled() THEN
    RETURN NEW;
  END IF;
  own := coalesce(OLD.id = app_account(), false);
  -- Whoever proves what enters it may change how it is entered; a way in that replaces another is the session's to add.
  proved := app_proves(OLD.email) OR app_proves(OLD.phone_blind);
  IF (NEW.id, NEW.reference, NEW.created_at) IS DISTINCT FROM (OLD.id, OLD.reference, OLD.created_at)
     OR (NEW.password_hash, NEW.proved_at) IS DISTINCT FROM (OLD.password_hash, OLD.proved_at)
        AND NOT (own OR proved OR OLD.email IS NULL AND OLD.phone_blind IS NULL AND app_comes(OLD.person_id))
     OR NEW.email IS DISTINCT FROM OLD.email AND NOT app_may_enter(OLD.person_id, OLD.email, NEW.email, own)
     OR (NEW.phone_blind, NEW.phone_sealed) IS DISTINCT FROM (OLD.phone_blind, OLD.phone_sealed)
        AND NOT app_may_enter(OLD.person_id, OLD.phone_blind, NEW.phone_blind, own) THEN
    RAISE EXCEPTION 'the ways into an account are changed by its own session, and what enters it is proved'
      USING ERRCODE = 'insufficient_privilege';
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

-- A proved address enters in place of another by the account's own session, or where there is none and its person
-- bears it. It enters no longer once whoever reads it gave it to another account.
CREATE FUNCTION app_may_enter(whose bigint, before text, after text, own boolean) RETURNS boolean
  STABLE SECURITY DEFINER LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF after IS NULL THEN
    RETURN app_proves(before);
  END IF;
  RETURN app_proves(after) AND (own OR before IS NULL AND EXISTS (
    SELECT FROM persons p WHERE p.id = whose AND after IN (p.email, p.phone_blind)));
END $$;
CREATE TRIGGER app_accounts BEFORE UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION app_accounts();

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
    IF NOT app_bears(NEW.signature, 'sessions', NEW.token_hash, NEW.account_id::text, app_moment(NEW.created_at),
                     app_moment(NEW.expires_at), NEW.shared::int::text) THEN
      PERFORM app_refuse_unvouched(TG_TABLE_NAME);
    END IF;
  ELSIF (NEW.id, NEW.token_hash, NEW.account_id, NEW.created_at, NEW.shared, NEW.signature)
        IS DISTINCT FROM (OLD.id, OLD.token_hash, OLD.account_id, OLD.created_at, OLD.shared, OLD.signature)
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

CREATE FUNCTION app_links() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT app_is_walled() THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NOT app_bears(NEW.signature, 'links', NEW.reference, NEW.token_hash, NEW.purpose, NEW.subject,
                     NEW.institution_id::text, app_moment(NEW.created_at), app_moment(NEW.expires_at))
       OR NEW.proves IS NOT NULL THEN
      PERFORM app_refuse_unvouched(TG_TABLE_NAME);
    END IF;
  ELSIF OLD.used_at IS NOT NULL OR NEW.used_at IS NULL OR to_jsonb(NEW) - ARRAY['used_at', 'proves', 'signature']
                                 <> to_jsonb(OLD) - ARRAY['used_at', 'proves', 'signature'] THEN
    RAISE EXCEPTION 'a link is only used up' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER app_links BEFORE INSERT OR UPDATE ON links FOR EACH ROW EXECUTE FUNCTION app_links();

CREATE FUNCTION app_use_up_links(what text, whose text[], moment timestamptz) RETURNS bigint
  SECURITY DEFINER LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
  WITH ended AS (UPDATE links SET used_at = moment
                 WHERE purpose = what AND subject = ANY (whose) AND used_at IS NULL RETURNING 1)
  SELECT count(*) FROM ended
$$;

CREATE FUNCTION app_codes() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT app_is_walled() THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NOT app_bears(NEW.signature, 'sign_in_codes', NEW.reference, NEW.token_hash, NEW.purpose,
                     encode(NEW.sealed, 'hex'), NEW.code_hash, NEW.tries::text, app_moment(NEW.created_at),
                     app_moment(NEW.expires_at), NEW.proves) THEN
      PERFORM app_refuse_unvouched(TG_TABLE_NAME);
    END IF;
  ELSIF OLD.used_at IS NOT NULL OR NEW.tries < OLD.tries OR to_jsonb(NEW) - ARRAY['used_at', 'tries', 'signature']
                                                          <> to_jsonb(OLD) - ARRAY['used_at', 'tries', 'signature']
     OR NEW.used_at IS NULL AND NEW.signature IS DISTINCT FROM OLD.signature THEN
    RAISE EXCEPTION 'a code is only tried and used up' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER app_codes BEFORE INSERT OR UPDATE ON sign_in_codes FOR EACH ROW EXECUTE FUNCTION app_codes();
