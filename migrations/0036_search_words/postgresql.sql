-- The words of a file's text are written with it, whoever writes; they go with the file by their foreign key. A file that
-- waits for a guardian's word, or was refused it, has none. An insert writes those of all its rows at once; an update that
-- changes nothing of theirs calls nothing.
CREATE FUNCTION app_add_words() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO search_words (intake_id, state, word, application_id, institution_id)
  SELECT f.intake_id, f.state, left(w.word, 60), f.id, f.institution_id FROM fresh f, string_to_table(f.search_text, ' ') AS w (word)
  WHERE w.word <> '' AND f.consent NOT IN ('waiting', 'withdrawn')
  ORDER BY 1, 2, left(w.word, 60) COLLATE "C" ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER app_words_added AFTER INSERT ON applications REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION app_add_words();

CREATE FUNCTION app_change_words() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  DELETE FROM search_words WHERE application_id = NEW.id;
  INSERT INTO search_words (intake_id, state, word, application_id, institution_id)
  SELECT NEW.intake_id, NEW.state, left(w.word, 60), NEW.id, NEW.institution_id
  FROM string_to_table(NEW.search_text, ' ') AS w (word)
  WHERE w.word <> '' AND NEW.consent NOT IN ('waiting', 'withdrawn') ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER app_words_changed AFTER UPDATE OF search_text, state, consent, intake_id, institution_id ON applications
  FOR EACH ROW WHEN (ROW (NEW.search_text, NEW.state, NEW.consent, NEW.intake_id, NEW.institution_id) IS DISTINCT FROM
    ROW (OLD.search_text, OLD.state, OLD.consent, OLD.intake_id, OLD.institution_id)) EXECUTE FUNCTION app_change_words();

-- What belongs to a file says in which intake the file is, so that a list's filter reads the rows of its own intake.
CREATE FUNCTION app_say_intake() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  NEW.intake_id := (SELECT a.intake_id FROM applications a WHERE a.id = NEW.application_id);
  RETURN NEW;
END $$;
CREATE TRIGGER app_intake_of_documents BEFORE INSERT ON documents FOR EACH ROW EXECUTE FUNCTION app_say_intake();
CREATE TRIGGER app_intake_of_notes BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION app_say_intake();
CREATE TRIGGER app_intake_of_corrections BEFORE INSERT ON corrections FOR EACH ROW EXECUTE FUNCTION app_say_intake();
CREATE TRIGGER app_intake_of_extensions BEFORE INSERT ON extensions FOR EACH ROW EXECUTE FUNCTION app_say_intake();
