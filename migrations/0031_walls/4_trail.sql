-- Keys and heads of the trail have no policy for the web but to make new ones: it reads those that it can name, and
-- changes them by these functions, which check it.

CREATE FUNCTION app_keys(subjects text[]) RETURNS TABLE (subject varchar, wrapped bytea)
  STABLE SECURITY DEFINER LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN RETURN QUERY SELECT k.subject, k.wrapped FROM subject_keys k WHERE k.subject = ANY (subjects); END $$;

-- The web destroys the keys of what is its own to forget: a used code, an address that waited for an intake. The keys of
-- persons are destroyed by the system's role.
CREATE FUNCTION app_destroy_key(whose text, moment timestamptz) RETURNS void
  SECURITY DEFINER LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF app_is_walled() AND NOT EXISTS (SELECT FROM sign_in_codes WHERE reference = whose AND used_at IS NOT NULL)
     AND NOT EXISTS (SELECT FROM intake_watches WHERE reference = whose)
     OR app_is_walled() AND EXISTS (SELECT FROM persons WHERE reference = whose) THEN
    RAISE EXCEPTION 'the application does not destroy this key' USING ERRCODE = 'insufficient_privilege';
  END IF;
  UPDATE subject_keys SET wrapped = NULL, destroyed_at = moment WHERE subject = whose AND destroyed_at IS NULL;
END $$;

CREATE FUNCTION app_chains() RETURNS SETOF varchar STABLE SECURITY DEFINER LANGUAGE sql
  SET search_path = pg_catalog, public, pg_temp AS
$$ SELECT chain FROM audit_heads $$;

CREATE FUNCTION app_head(which text) RETURNS TABLE (sequence bigint, digest varchar, signature varchar)
  STABLE SECURITY DEFINER LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN RETURN QUERY SELECT h.sequence, h.digest, h.signature FROM audit_heads h WHERE chain = which; END $$;

CREATE FUNCTION app_lock_head(which text) RETURNS TABLE (sequence bigint, digest varchar, signature varchar)
  SECURITY DEFINER LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN RETURN QUERY SELECT h.sequence, h.digest, h.signature FROM audit_heads h WHERE chain = which FOR UPDATE; END $$;

-- A head moves forward, over events that are there.
CREATE FUNCTION app_move_head(which text, number bigint, last text, signed text) RETURNS void
  SECURITY DEFINER LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  before bigint;
BEGIN
  SELECT h.sequence INTO before FROM audit_heads h WHERE chain = which FOR UPDATE;
  IF before IS NULL OR number <= before
     OR NOT EXISTS (SELECT FROM audit_events e WHERE e.chain = which AND e.sequence = number AND e.digest = last)
     OR (SELECT count(*) FROM audit_events e WHERE e.chain = which AND e.sequence > before AND e.sequence <= number)
        <> number - before THEN
    RAISE EXCEPTION 'a head of the trail moves only to the last of its events'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  UPDATE audit_heads SET sequence = number, digest = last, signature = signed WHERE chain = which;
END $$;
