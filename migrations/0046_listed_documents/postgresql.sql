-- A file's row follows its documents, whoever writes them. Files are locked in the order of their ids, as for notes; a
-- document that is examined changes nothing here, and locks nothing.
CREATE FUNCTION app_follow_documents() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  files bigint[];
BEGIN
  IF TG_OP = 'UPDATE' THEN
    files := ARRAY (
      SELECT DISTINCT f.application_id FROM fresh f JOIN stale s ON s.id = f.id
      WHERE (f.replaced_at IS NULL) <> (s.replaced_at IS NULL));
  ELSE
    files := ARRAY (SELECT DISTINCT application_id FROM fresh);
  END IF;
  IF cardinality(files) > 0 THEN
    PERFORM FROM applications WHERE id = ANY (files) ORDER BY id FOR NO KEY UPDATE;
    UPDATE applications a SET documented = NOT documented
    WHERE a.id = ANY (files) AND a.documented <>
      EXISTS (SELECT FROM documents d WHERE d.application_id = a.id AND d.replaced_at IS NULL);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER app_documents_added AFTER INSERT ON documents REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION app_follow_documents();
CREATE TRIGGER app_documents_changed AFTER UPDATE ON documents REFERENCING NEW TABLE AS fresh OLD TABLE AS stale
  FOR EACH STATEMENT EXECUTE FUNCTION app_follow_documents();
CREATE TRIGGER app_documents_gone AFTER DELETE ON documents REFERENCING OLD TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION app_follow_documents();
