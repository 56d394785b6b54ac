-- Each page asks who its session is. Under the policies of four tables that took six times as long; whoever has the
-- hash of the token may know it, so one function reads it, by the rules of cohortmgr/accounts/queries/viewers.py.
CREATE FUNCTION app_viewer(digest text, moment timestamptz, day date) RETURNS TABLE (
    account_id bigint, account_reference varchar, email varchar, proved_at timestamptz, phone_sealed bytea, person_id bigint, person_reference varchar,
    given_name varchar, family_name varchar, language varchar, role varchar, scope_kind varchar,
    scope_reference varchar, path varchar, institutions jsonb, alone boolean, session_id bigint, shared boolean,
    until timestamptz)
  STABLE SECURITY DEFINER LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT a.id, a.reference, a.email, a.proved_at, a.phone_sealed, p.id, p.reference, p.given_name, p.family_name, p.language, g.role, g.scope_kind,
      g.scope_reference, g.path, g.institutions, g.alone, s.id, s.shared, s.expires_at
    FROM sessions s JOIN accounts a ON a.id = s.account_id JOIN persons p ON p.id = a.person_id
    LEFT JOIN grants g ON g.account_id = a.id AND g.revoked_at IS NULL
      AND (g.begins_on IS NULL OR g.begins_on <= day) AND (g.ends_on IS NULL OR g.ends_on >= day)
      AND (g.stands_for_id IS NULL OR app_lent_role_holds(g.stands_for_id, g.role, g.scope_reference, day))
    WHERE s.token_hash = digest AND s.revoked_at IS NULL AND s.expires_at > moment AND a.suspended_at IS NULL;
END $$;

-- What is said is compared in one function, and not in three that call each other: every statement asks several times.
CREATE OR REPLACE FUNCTION app_require_told() RETURNS void STABLE PARALLEL SAFE SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  told text := current_setting('app.told', true);
  moment text := split_part(told, '|', 1);
  keys door_keys%ROWTYPE;
BEGIN
  SELECT * INTO keys FROM door_keys WHERE id = 1;
  IF NOT FOUND THEN
    PERFORM app_vouched('');
  END IF;
  IF moment ~ '^[0-9]{1,12}$' AND abs(extract(epoch FROM now()) - moment::bigint) < 86400
     AND sha256(split_part(told, '|', 2)::bytea) = sha256(encode(sha256(keys.outer_block || sha256(keys.inner_block
       || convert_to(concat('said|', moment, '|', current_setting('app.institutions', true), '|',
         current_setting('app.person', true), '|', current_setting('app.session', true), '|',
         current_setting('app.presented', true)), 'UTF8'))), 'hex')::bytea) THEN
    RETURN;
  END IF;
  RAISE EXCEPTION 'the application did not say who acts here, or with another key, or not today'
    USING ERRCODE = 'insufficient_privilege', HINT = 'If the index key was changed or a backup was restored, run: '
      'flask --app wsgi db upgrade. Else compare the clocks of the application and of the database.';
END $$;
