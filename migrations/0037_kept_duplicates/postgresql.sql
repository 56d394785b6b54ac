-- What these say of files is written by the worker and by the triggers below; staff read it of their institutions, and of
-- a pair only where both are theirs. The traits are nobody's to read.
ALTER TABLE files_to_compare ENABLE ROW LEVEL SECURITY;
ALTER TABLE files_to_compare FORCE ROW LEVEL SECURITY;
CREATE POLICY listed ON files_to_compare FOR SELECT USING (institution_id = ANY ((SELECT app_institutions())::bigint[]));
ALTER TABLE file_traits ENABLE ROW LEVEL SECURITY;
ALTER TABLE file_traits FORCE ROW LEVEL SECURITY;
ALTER TABLE trait_crowds ENABLE ROW LEVEL SECURITY;
ALTER TABLE trait_crowds FORCE ROW LEVEL SECURITY;
CREATE POLICY listed ON trait_crowds FOR SELECT USING (institution_id = ANY ((SELECT app_institutions())::bigint[]));
ALTER TABLE duplicate_pairs ENABLE ROW LEVEL SECURITY;
ALTER TABLE duplicate_pairs FORCE ROW LEVEL SECURITY;
CREATE POLICY listed ON duplicate_pairs FOR SELECT USING (institution_id = ANY ((SELECT app_institutions())::bigint[])
  AND beside_institution_id = ANY ((SELECT app_institutions())::bigint[]));

-- What changes files notes which are to be compared, and takes away the pairs that hold no more.
CREATE FUNCTION app_compare_files() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO files_to_compare (application_id, intake_id, institution_id) SELECT id, intake_id, institution_id FROM fresh;
  ELSIF TG_OP = 'DELETE' THEN
    DELETE FROM duplicate_pairs WHERE file_id IN (SELECT id FROM gone);
    DELETE FROM duplicate_pairs WHERE beside_id IN (SELECT id FROM gone);
    INSERT INTO files_to_compare (application_id, intake_id, institution_id) SELECT id, intake_id, institution_id FROM gone;
  ELSE
    INSERT INTO files_to_compare (application_id, intake_id, institution_id) VALUES (NEW.id, NEW.intake_id, NEW.institution_id);
    IF NEW.state NOT IN ('draft', 'submitted') OR NEW.consent IN ('waiting', 'withdrawn') THEN
      DELETE FROM duplicate_pairs WHERE file_id = NEW.id;
      DELETE FROM duplicate_pairs WHERE beside_id = NEW.id AND (NOT across OR NEW.state <> 'withdrawn' OR NEW.consent IN ('waiting', 'withdrawn'));
    END IF;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER app_compare_files_added AFTER INSERT ON applications REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION app_compare_files();
CREATE TRIGGER app_compare_files_gone AFTER DELETE ON applications REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION app_compare_files();
CREATE TRIGGER app_compare_files_changed AFTER UPDATE OF state, consent, name, email, person_id, intake_id ON applications
  FOR EACH ROW WHEN ((OLD.state, OLD.consent, OLD.name, OLD.email, OLD.person_id, OLD.intake_id)
    IS DISTINCT FROM (NEW.state, NEW.consent, NEW.name, NEW.email, NEW.person_id, NEW.intake_id))
  EXECUTE FUNCTION app_compare_files();

CREATE FUNCTION app_compare_persons() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  whose bigint[];
BEGIN
  IF TG_TABLE_NAME = 'persons' THEN
    whose := ARRAY[NEW.id];
  ELSIF TG_OP = 'INSERT' THEN
    whose := ARRAY[NEW.person_id];
  ELSIF TG_OP = 'DELETE' THEN
    whose := ARRAY[OLD.person_id];
  ELSE
    whose := ARRAY[OLD.person_id, NEW.person_id];
  END IF;
  INSERT INTO files_to_compare (application_id, intake_id, institution_id)
  SELECT id, intake_id, institution_id FROM applications WHERE person_id = ANY (whose);
  RETURN NULL;
END $$;
CREATE TRIGGER app_compare_persons_changed
  AFTER UPDATE OF given_name, family_name, given_name_ar, family_name_ar, birth_date, phone_blind, email ON persons
  FOR EACH ROW WHEN ((OLD.given_name, OLD.family_name, OLD.given_name_ar, OLD.family_name_ar, OLD.birth_date, OLD.phone_blind, OLD.email)
    IS DISTINCT FROM (NEW.given_name, NEW.family_name, NEW.given_name_ar, NEW.family_name_ar, NEW.birth_date, NEW.phone_blind, NEW.email))
  EXECUTE FUNCTION app_compare_persons();
CREATE TRIGGER app_compare_numbers_added AFTER INSERT ON identifiers FOR EACH ROW EXECUTE FUNCTION app_compare_persons();
CREATE TRIGGER app_compare_numbers_gone AFTER DELETE ON identifiers FOR EACH ROW EXECUTE FUNCTION app_compare_persons();
CREATE TRIGGER app_compare_numbers_changed AFTER UPDATE OF person_id, kind, blind ON identifiers
  FOR EACH ROW WHEN ((OLD.person_id, OLD.kind, OLD.blind) IS DISTINCT FROM (NEW.person_id, NEW.kind, NEW.blind))
  EXECUTE FUNCTION app_compare_persons();

CREATE FUNCTION app_compare_merges() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    DELETE FROM duplicate_pairs WHERE (file_id, beside_id) IN ((NEW.kept_id, NEW.aside_id), (NEW.aside_id, NEW.kept_id));
  END IF;
  INSERT INTO files_to_compare (application_id, intake_id, institution_id)
  SELECT id, intake_id, institution_id FROM applications WHERE id = NEW.kept_id;
  RETURN NULL;
END $$;
CREATE TRIGGER app_compare_merged AFTER INSERT ON merges FOR EACH ROW EXECUTE FUNCTION app_compare_merges();
CREATE TRIGGER app_compare_parted AFTER UPDATE OF undone_at ON merges
  FOR EACH ROW WHEN (OLD.undone_at IS DISTINCT FROM NEW.undone_at) EXECUTE FUNCTION app_compare_merges();
