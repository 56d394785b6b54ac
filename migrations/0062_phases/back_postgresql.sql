CREATE OR REPLACE FUNCTION app_note_sent_files() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
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
