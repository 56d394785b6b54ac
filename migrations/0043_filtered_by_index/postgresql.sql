-- A file's row follows its notes, the times that it was given and its corrections, whoever writes them. Files are locked
-- in the order of their ids, so that two statements never wait for each other; a row that stays as it is is not written.
CREATE FUNCTION app_follow_notes() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  files bigint[] := ARRAY (SELECT DISTINCT application_id FROM fresh);
BEGIN
  PERFORM FROM applications WHERE id = ANY (files) ORDER BY id FOR NO KEY UPDATE;
  UPDATE applications a SET noted = EXISTS (SELECT FROM notes n WHERE n.application_id = a.id)
  WHERE a.id = ANY (files) AND a.noted <> EXISTS (SELECT FROM notes n WHERE n.application_id = a.id);
  RETURN NULL;
END $$;
CREATE TRIGGER app_notes_added AFTER INSERT ON notes REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION app_follow_notes();
CREATE TRIGGER app_notes_gone AFTER DELETE ON notes REFERENCING OLD TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION app_follow_notes();

CREATE FUNCTION app_follow_extensions() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  files bigint[] := ARRAY (SELECT DISTINCT application_id FROM fresh);
BEGIN
  PERFORM FROM applications WHERE id = ANY (files) ORDER BY id FOR NO KEY UPDATE;
  UPDATE applications a SET extended = EXISTS (SELECT FROM extensions e WHERE e.application_id = a.id AND e.revoked_at IS NULL)
  WHERE a.id = ANY (files) AND a.extended <> EXISTS (SELECT FROM extensions e WHERE e.application_id = a.id AND e.revoked_at IS NULL);
  RETURN NULL;
END $$;
CREATE TRIGGER app_extensions_added AFTER INSERT ON extensions REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION app_follow_extensions();
CREATE TRIGGER app_extensions_changed AFTER UPDATE ON extensions REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION app_follow_extensions();
CREATE TRIGGER app_extensions_gone AFTER DELETE ON extensions REFERENCING OLD TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION app_follow_extensions();

CREATE FUNCTION app_follow_corrections() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  files bigint[] := ARRAY (SELECT DISTINCT application_id FROM fresh);
BEGIN
  PERFORM FROM applications WHERE id = ANY (files) ORDER BY id FOR NO KEY UPDATE;
  UPDATE applications a SET correction = coalesce((SELECT c.state FROM corrections c WHERE c.application_id = a.id ORDER BY c.id DESC LIMIT 1), 'none')
  WHERE a.id = ANY (files) AND a.correction <> coalesce((SELECT c.state FROM corrections c WHERE c.application_id = a.id ORDER BY c.id DESC LIMIT 1), 'none');
  RETURN NULL;
END $$;
CREATE TRIGGER app_corrections_added AFTER INSERT ON corrections REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION app_follow_corrections();
CREATE TRIGGER app_corrections_changed AFTER UPDATE ON corrections REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION app_follow_corrections();
CREATE TRIGGER app_corrections_gone AFTER DELETE ON corrections REFERENCING OLD TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION app_follow_corrections();
