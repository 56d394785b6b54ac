-- A ranking rests on readings that count and on sent files. Whoever changes one of them counts on, in the transaction of
-- the change, once for each intake and statement. Sixteen shards, so that readers of an intake seldom wait for each other.
CREATE FUNCTION app_note_change(intake bigint, institution bigint) RETURNS void SECURITY DEFINER LANGUAGE sql
  SET search_path = pg_catalog, public, pg_temp AS $$
  INSERT INTO ranking_changes AS c (intake_id, shard, institution_id, changes)
  VALUES (intake, pg_backend_pid() % 16, institution, 1)
  ON CONFLICT (intake_id, shard) DO UPDATE SET changes = c.changes + 1
$$;
REVOKE ALL ON FUNCTION app_note_change(bigint, bigint) FROM PUBLIC;

CREATE FUNCTION app_note_readings() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM app_note_change(r.intake_id, r.institution_id) FROM
      (SELECT DISTINCT intake_id, institution_id FROM fresh WHERE state = 'submitted' ORDER BY 1) r;
  ELSIF TG_OP = 'DELETE' THEN
    PERFORM app_note_change(r.intake_id, r.institution_id) FROM
      (SELECT DISTINCT intake_id, institution_id FROM gone WHERE state = 'submitted' ORDER BY 1) r;
  ELSE
    PERFORM app_note_change(r.intake_id, r.institution_id) FROM (
      SELECT DISTINCT f.intake_id, f.institution_id FROM fresh f JOIN gone g ON g.id = f.id
      WHERE 'submitted' IN (f.state, g.state)
        AND (f.state, f.application_id, f.total_thousandths, f.scores)
            IS DISTINCT FROM (g.state, g.application_id, g.total_thousandths, g.scores)
      ORDER BY 1) r;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER app_note_readings_added AFTER INSERT ON reviews REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION app_note_readings();
CREATE TRIGGER app_note_readings_gone AFTER DELETE ON reviews REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION app_note_readings();
CREATE TRIGGER app_note_readings_changed AFTER UPDATE ON reviews REFERENCING NEW TABLE AS fresh OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION app_note_readings();

CREATE FUNCTION app_note_sent_files() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM app_note_change(r.intake_id, r.institution_id) FROM
      (SELECT DISTINCT intake_id, institution_id FROM fresh WHERE state = 'submitted' ORDER BY 1) r;
  ELSIF TG_OP = 'DELETE' THEN
    PERFORM app_note_change(r.intake_id, r.institution_id) FROM
      (SELECT DISTINCT intake_id, institution_id FROM gone WHERE state = 'submitted' ORDER BY 1) r;
  ELSE
    PERFORM app_note_change(r.intake_id, r.institution_id) FROM (
      SELECT f.intake_id, f.institution_id FROM fresh f JOIN gone g ON g.id = f.id
      WHERE 'submitted' IN (f.state, g.state)
        AND (f.state, f.intake_id, f.person_id, f.offering_id, f.number, f.eligible, f.reasons)
            IS DISTINCT FROM (g.state, g.intake_id, g.person_id, g.offering_id, g.number, g.eligible, g.reasons)
      UNION
      SELECT g.intake_id, g.institution_id FROM fresh f JOIN gone g ON g.id = f.id
      WHERE g.state = 'submitted' AND f.intake_id <> g.intake_id
      ORDER BY 1) r;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER app_note_files_added AFTER INSERT ON applications REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION app_note_sent_files();
CREATE TRIGGER app_note_files_gone AFTER DELETE ON applications REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION app_note_sent_files();
CREATE TRIGGER app_note_files_changed AFTER UPDATE ON applications REFERENCING NEW TABLE AS fresh OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION app_note_sent_files();
