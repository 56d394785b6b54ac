-- `seen_in` holds the institutions that see a person: where they have a file, a question, a guardianship or a role; 0, which
-- administrators of the system list, while there are none. Accounts, identity numbers and roles bear it too, so that a
-- policy compares a column and asks nothing of other tables for each row. Triggers keep it.

CREATE FUNCTION app_reach(frozen jsonb, scope text, place text, apart boolean) RETURNS bigint[]
  STABLE SECURITY DEFINER LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  reached bigint[];
BEGIN
  SELECT array_agg(DISTINCT number ORDER BY number) INTO reached FROM (
    SELECT each::bigint AS number FROM jsonb_array_elements_text(frozen) each
    UNION ALL
    SELECT id FROM organisations o WHERE o.kind IN ('ministry', 'institution', 'institute')
      AND starts_with(o.path, place) AND scope <> 'programme' AND NOT apart) found;
  RETURN coalesce(reached, '{0}');
END $$;

CREATE FUNCTION app_places(whose bigint) RETURNS bigint[]
  STABLE SECURITY DEFINER LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  found bigint[];
BEGIN
  SELECT array_agg(DISTINCT number ORDER BY number) INTO found FROM (
    SELECT institution_id AS number FROM applications WHERE person_id = whose UNION ALL
    SELECT institution_id FROM guardianships WHERE child_id = whose UNION ALL
    SELECT institution_id FROM guardianships WHERE guardian_id = whose UNION ALL
    SELECT institution_id FROM questions WHERE person_id = whose UNION ALL
    SELECT unnest(g.seen_in) FROM accounts a JOIN grants g ON g.account_id = a.id WHERE a.person_id = whose) known
  WHERE number <> 0;
  RETURN coalesce(found, '{0}');
END $$;

CREATE FUNCTION app_place(persons bigint[]) RETURNS void
  SECURITY DEFINER LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  WITH placed AS (
    UPDATE persons p SET seen_in = f.places
    FROM (SELECT whose, app_places(whose) AS places FROM unnest(app_place.persons) whose) f
    WHERE p.id = f.whose AND p.seen_in IS DISTINCT FROM f.places RETURNING p.id, p.seen_in
  ), numbers AS (
    UPDATE identifiers i SET seen_in = placed.seen_in FROM placed WHERE i.person_id = placed.id
  )
  UPDATE accounts a SET seen_in = placed.seen_in FROM placed WHERE a.person_id = placed.id;
END $$;

CREATE FUNCTION app_person_begins() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN NEW.seen_in := '{0}'; RETURN NEW; END $$;
CREATE TRIGGER app_person_begins BEFORE INSERT ON persons FOR EACH ROW EXECUTE FUNCTION app_person_begins();

CREATE FUNCTION app_as_person() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN NEW.seen_in := (SELECT seen_in FROM persons WHERE id = NEW.person_id); RETURN NEW; END $$;
CREATE TRIGGER app_as_person BEFORE INSERT OR UPDATE OF person_id ON identifiers
  FOR EACH ROW EXECUTE FUNCTION app_as_person();
CREATE TRIGGER app_as_person BEFORE INSERT OR UPDATE OF person_id ON accounts
  FOR EACH ROW EXECUTE FUNCTION app_as_person();

CREATE FUNCTION app_account_moved() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN PERFORM app_place(ARRAY[OLD.person_id, NEW.person_id]); RETURN NULL; END $$;
CREATE TRIGGER app_account_moved AFTER UPDATE OF person_id ON accounts FOR EACH ROW
  WHEN (OLD.person_id <> NEW.person_id) EXECUTE FUNCTION app_account_moved();

CREATE FUNCTION app_role_reaches() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN NEW.seen_in := app_reach(NEW.institutions, NEW.scope_kind, NEW.path, NEW.alone); RETURN NEW; END $$;
CREATE TRIGGER app_role_reaches BEFORE INSERT OR UPDATE ON grants FOR EACH ROW EXECUTE FUNCTION app_role_reaches();

CREATE FUNCTION app_role_placed() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM app_place(ARRAY(SELECT person_id FROM accounts WHERE id = NEW.account_id));
  RETURN NULL;
END $$;
CREATE TRIGGER app_role_placed AFTER INSERT OR UPDATE ON grants FOR EACH ROW EXECUTE FUNCTION app_role_placed();

-- An institution that is added or moved is reached by the roles above it.
CREATE FUNCTION app_institution_placed() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE grants g SET seen_in = g.seen_in
  WHERE starts_with(NEW.path, g.path) OR TG_OP = 'UPDATE' AND g.seen_in @> ARRAY[NEW.id];
  RETURN NULL;
END $$;
CREATE TRIGGER app_institution_placed AFTER INSERT OR UPDATE OF path, kind ON organisations FOR EACH ROW
  WHEN (NEW.kind IN ('ministry', 'institution', 'institute')) EXECUTE FUNCTION app_institution_placed();

CREATE FUNCTION app_files_added() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM app_place(ARRAY(SELECT DISTINCT p.id FROM persons p JOIN fresh f ON f.person_id = p.id
    WHERE NOT p.seen_in @> ARRAY[f.institution_id]));
  RETURN NULL;
END $$;

CREATE FUNCTION app_files_gone() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN PERFORM app_place(ARRAY(SELECT DISTINCT person_id FROM gone WHERE person_id IS NOT NULL)); RETURN NULL; END $$;

CREATE FUNCTION app_file_moved() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN PERFORM app_place(ARRAY[OLD.person_id, NEW.person_id]); RETURN NULL; END $$;

CREATE TRIGGER app_files_added AFTER INSERT ON applications REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION app_files_added();
CREATE TRIGGER app_files_gone AFTER DELETE ON applications REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION app_files_gone();
CREATE TRIGGER app_file_moved AFTER UPDATE OF person_id, institution_id ON applications FOR EACH ROW
  WHEN ((OLD.person_id, OLD.institution_id) IS DISTINCT FROM (NEW.person_id, NEW.institution_id))
  EXECUTE FUNCTION app_file_moved();
CREATE TRIGGER app_files_added AFTER INSERT ON questions REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION app_files_added();
CREATE TRIGGER app_files_gone AFTER DELETE ON questions REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION app_files_gone();
CREATE TRIGGER app_file_moved AFTER UPDATE OF person_id, institution_id ON questions FOR EACH ROW
  WHEN ((OLD.person_id, OLD.institution_id) IS DISTINCT FROM (NEW.person_id, NEW.institution_id))
  EXECUTE FUNCTION app_file_moved();

CREATE FUNCTION app_guarded() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN PERFORM app_place(ARRAY(SELECT child_id FROM touched UNION SELECT guardian_id FROM touched)); RETURN NULL; END $$;
CREATE TRIGGER app_guarded_added AFTER INSERT ON guardianships REFERENCING NEW TABLE AS touched
  FOR EACH STATEMENT EXECUTE FUNCTION app_guarded();
CREATE TRIGGER app_guarded_gone AFTER DELETE ON guardianships REFERENCING OLD TABLE AS touched
  FOR EACH STATEMENT EXECUTE FUNCTION app_guarded();
CREATE TRIGGER app_guarded_changed AFTER UPDATE ON guardianships REFERENCING NEW TABLE AS touched
  FOR EACH STATEMENT EXECUTE FUNCTION app_guarded();

-- What is there already.
UPDATE grants SET seen_in = app_reach(institutions, scope_kind, path, alone);
UPDATE persons SET seen_in = app_places(id);
UPDATE accounts SET seen_in = app_places(person_id);
UPDATE identifiers SET seen_in = app_places(person_id);

-- What triggers ask is nobody's to ask: it would say of any number where that person has a file.
REVOKE ALL ON FUNCTION app_places(bigint), app_place(bigint[]), app_reach(jsonb, text, text, boolean) FROM PUBLIC;
