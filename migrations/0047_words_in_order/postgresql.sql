-- The words of a file are written with the name by which lists are ordered, so that a search that finds thousands reads
-- the first fifty of them from one index.
CREATE OR REPLACE FUNCTION app_add_words() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO search_words (intake_id, state, word, application_id, institution_id, sort_name)
  SELECT f.intake_id, f.state, left(w.word, 60), f.id, f.institution_id, f.sort_name
  FROM fresh f, string_to_table(f.search_text, ' ') AS w (word)
  WHERE w.word <> '' AND f.consent NOT IN ('waiting', 'withdrawn')
  ORDER BY 1, 2, left(w.word, 60) COLLATE "C" ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION app_change_words() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  DELETE FROM search_words WHERE application_id = NEW.id;
  INSERT INTO search_words (intake_id, state, word, application_id, institution_id, sort_name)
  SELECT NEW.intake_id, NEW.state, left(w.word, 60), NEW.id, NEW.institution_id, NEW.sort_name
  FROM string_to_table(NEW.search_text, ' ') AS w (word)
  WHERE w.word <> '' AND NEW.consent NOT IN ('waiting', 'withdrawn') ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;

DROP TRIGGER app_words_changed ON applications;
CREATE TRIGGER app_words_changed
  AFTER UPDATE OF search_text, state, consent, intake_id, institution_id, sort_name ON applications
  FOR EACH ROW WHEN (
    ROW (NEW.search_text, NEW.state, NEW.consent, NEW.intake_id, NEW.institution_id, NEW.sort_name) IS DISTINCT FROM
    ROW (OLD.search_text, OLD.state, OLD.consent, OLD.intake_id, OLD.institution_id, OLD.sort_name))
  EXECUTE FUNCTION app_change_words();
